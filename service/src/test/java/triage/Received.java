package triage;

import java.io.IOException;
import java.io.InputStream;

/// What tests read from a socket byte by byte, and not a byte further.
public final class Received {
  private Received() {}

  /// Reads up to the first `end`, and gives all of it, each byte as a character.
  ///
  /// @throws IOException if the stream ends before
  public static String until(InputStream stream, String end) throws IOException {
    StringBuilder text = new StringBuilder();
    while (text.indexOf(end) < 0) {
      int next = stream.read();
      if (next < 0) {
        throw new IOException("ended after: " + text);
      }
      text.append((char) next);
    }
    return text.toString();
  }
}
