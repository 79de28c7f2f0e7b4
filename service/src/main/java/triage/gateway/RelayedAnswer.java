package triage.gateway;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/// The body of a model server's answer on its way to the caller: part after part as it came, one
/// write at a time. Between two events of a stream a heartbeat may stand, a comment that readers
/// skip, so that neither they nor what stands between take a silent stream for a dead one.
///
/// **Source**: HTML Living Standard, section 9.2.7, which advises a comment every 15 s or so.
///
/// **Threads**: safe for use by several threads; parts come one at a time, each once the last one
/// has been written.
final class RelayedAnswer {
  private static final byte[] HEARTBEAT = ":\n\n".getBytes(StandardCharsets.US_ASCII);

  private final Call call;

  /// Changed by whoever writes.
  private volatile @Nullable EventStream events;

  @GuardedBy("this")
  private boolean writing;

  @GuardedBy("this")
  private @Nullable Runnable next;

  RelayedAnswer(Call call) {
    this.call = call;
  }

  /// Says that the answer is a stream of events; before its first part.
  void events(@Nullable EventStream stream) {
    events = stream;
  }

  /// Tells whether something waits for the caller to read.
  synchronized boolean isWriting() {
    return writing;
  }

  /// Writes a part, once a heartbeat that is under way is written.
  void write(ByteBuffer bytes, Callback written) {
    take(() -> {
      EventStream stream = events;
      if (stream != null) {
        stream.passed(bytes);
      }
      send(bytes, written);
    });
  }

  /// Writes a heartbeat, if the answer is a stream of events that stands between two of them, and
  /// nothing else is being written.
  ///
  /// @param failed is told if the caller cannot be reached
  void beat(Consumer<Throwable> failed) {
    EventStream stream = events;
    synchronized (this) {
      if (writing || stream == null || !stream.isBetweenEvents()) {
        return;
      }
      writing = true;
    }
    send(ByteBuffer.wrap(HEARTBEAT), Callback.from(() -> {}, failed));
  }

  /// Ends the answer, which is whole.
  void finish() {
    take(call::finish);
  }

  /// Breaks the answer off because the rest will not come. A stream of events gets a last one that
  /// says so, unless its caller does not read.
  ///
  /// @param readerFailed whether the caller has gone
  void breakOff(boolean readerFailed, Throwable cause) {
    EventStream stream = events;
    boolean told = stream != null && !readerFailed;
    synchronized (this) {
      told = told && !writing;
      writing = writing || told;
    }
    if (told && stream != null) {
      call.cutOff(stream.brokenOff(), cause);
    } else {
      call.cutOff(cause);
    }
  }

  private void send(ByteBuffer bytes, Callback written) {
    call.response()
        .write(
            false,
            bytes,
            Callback.from(
                () -> {
                  giveBack();
                  written.succeeded();
                },
                failure -> {
                  giveBack();
                  written.failed(failure);
                }));
  }

  /// Runs a write, at once or when the one under way is over.
  private void take(Runnable write) {
    synchronized (this) {
      if (writing) {
        next = write;
        return;
      }
      writing = true;
    }
    write.run();
  }

  private void giveBack() {
    Runnable following;
    synchronized (this) {
      following = next;
      next = null;
      writing = following != null;
    }
    if (following != null) {
      following.run();
    }
  }
}
