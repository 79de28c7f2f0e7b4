package triage.analysis;

import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import triage.gateway.Sha256;

/// The lines of a body, one after the other: never more of it in memory than one line and a buffer.
///
/// A line ends with LF, CR LF or the end of the body. One that is too long is read over, and given
/// without its bytes.
///
/// **Errors**: an [IOException] where the body breaks off, and a [TooLongException] where it goes
/// on beyond its bound; what had come of its last line by then is no line.
///
/// **Threads**: confined to one thread, which it blocks.
final class Lines {
  private static final int BUFFER_BYTES = 16 << 10;

  private final InputStream body;
  private final int lineBytesMax;
  private final long bytesMax;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private final MessageDigest lineDigest = Sha256.begin();
  private final MessageDigest wholeDigest = Sha256.begin();
  private byte[] line = new byte[1024];
  private int lineLength;
  private int from;
  private int to;
  private boolean ended;
  private long number;
  private long bytes;

  /// Begins with the first line.
  ///
  /// @param lineBytesMax the longest line that is given with its bytes, without its end
  /// @param bytesMax the longest body
  Lines(InputStream body, int lineBytesMax, long bytesMax) {
    this.body = body;
    this.bytesMax = bytesMax;
    this.lineBytesMax = lineBytesMax;
  }

  /// A body that goes on beyond its bound.
  static final class TooLongException extends IOException {
    private static final long serialVersionUID = 1;

    private TooLongException(long bytesMax) {
      super("the body is larger than " + bytesMax + " bytes");
    }
  }

  /// A line of a body.
  ///
  /// @param number 1 for the first
  /// @param text its bytes without the line's end; `null` if they are too many
  /// @param sha256 digest of its bytes, however many, with a CR at its end
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Line(long number, byte @Nullable [] text, byte[] sha256) {
    /// Tells whether there is nothing on it.
    boolean isBlank() {
      if (text == null) {
        return false;
      }
      for (byte b : text) {
        if (b != ' ' && b != '\t') {
          return false;
        }
      }
      return true;
    }
  }

  /// Gives the next line, or `null` after the last one.
  @Nullable Line next() throws IOException {
    lineLength = 0;
    while (true) {
      if (from == to && !fill()) {
        return lineLength == 0 ? null : taken();
      }
      int end = from;
      while (end < to && buffer[end] != '\n') {
        end++;
      }
      keep(end);
      if (end < to) {
        from = end + 1;
        return taken();
      }
      from = end;
    }
  }

  /// Gives how many bytes were read so far.
  long bytes() {
    return bytes;
  }

  /// Gives the digest of the whole body, once its last line was given.
  byte[] sha256OfAll() {
    return wholeDigest.digest();
  }

  /// Reads on by a buffer without looking at it, and tells whether there was anything.
  boolean skip() throws IOException {
    boolean some = fill();
    from = to;
    return some;
  }

  private boolean fill() throws IOException {
    if (ended) {
      return false;
    }
    int read = body.read(buffer);
    ended = read < 0;
    from = 0;
    to = Math.max(0, read);
    bytes += to;
    if (bytes > bytesMax) {
      throw new TooLongException(bytesMax);
    }
    wholeDigest.update(buffer, 0, to);
    return !ended;
  }

  private void keep(int end) {
    int length = end - from;
    lineDigest.update(buffer, from, length);
    // One more than may be, for a CR; what is longer is only counted, to a bound.
    if (lineLength <= lineBytesMax + 1) {
      int kept = Math.min(length, lineBytesMax + 2 - lineLength);
      if (lineLength + kept > line.length) {
        line = Arrays.copyOf(line, Math.max(lineLength + kept, 2 * line.length));
      }
      System.arraycopy(buffer, from, line, lineLength, kept);
      lineLength += kept;
    }
  }

  private Line taken() {
    number++;
    int length = lineLength > 0 && line[lineLength - 1] == '\r' ? lineLength - 1 : lineLength;
    byte[] text = length > lineBytesMax ? null : Arrays.copyOf(line, length);
    return new Line(number, text, lineDigest.digest());
  }
}
