package triage.gateway;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;

/// Who answers requests under `/api/v1` with streams of events: beside the resources, since Jersey
/// keeps back what is written to it until there is much of it, and logs a caller that goes away as
/// an error.
///
/// **Threads**: safe for use by several threads, which it blocks.
public interface EventStreams {
  /// Tells whether a path is answered with a stream.
  boolean has(String path);

  /// Begins the stream of a path; nothing if there is nothing more to come on it.
  ///
  /// @throws RefusedException if the caller cannot have it, with what to do
  Optional<Opened> open(NativeCall call, String path) throws RefusedException;

  /// A stream that has begun.
  @FunctionalInterface
  interface Opened {
    /// Writes until the stream ends or its reader goes.
    ///
    /// @param out sends at once what is written to it
    void writeTo(OutputStream out) throws IOException;
  }
}
