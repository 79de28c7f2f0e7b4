package triage.analysis;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;
import triage.gateway.Refusal;
import triage.gateway.RefusedException;

/// In what form the body of a batch comes: lines of JSON, plain or in gzip.
///
/// **Threads**: no state.
final class BatchBody {
  private static final Set<String> TYPES =
      Set.of("application/x-ndjson", "application/ndjson", "application/jsonl");
  private static final int BUFFER_BYTES = 16 << 10;

  private BatchBody() {}

  /// Gives the body freed of its encoding.
  ///
  /// @param type the Content-Type, or `null`
  /// @param encodings the values of Content-Encoding
  /// @throws RefusedException 415 for another form, 400 for what is no gzip
  /// @throws IOException if the body breaks off
  static InputStream decoded(InputStream body, @Nullable String type, List<String> encodings)
      throws RefusedException, IOException {
    if (type != null && !isLines(type)) {
      throw refused(415, "Content-Type must be application/x-ndjson, in UTF-8");
    }
    String encoding = String.join(",", encodings).strip().toLowerCase(Locale.ROOT);
    return switch (encoding) {
      case "", "identity" -> body;
      case "gzip", "x-gzip" -> {
        try {
          yield new WholeGzip(body);
        } catch (ZipException e) {
          throw refused(400, "the body is not gzip, as Content-Encoding says");
        }
      }
      default -> throw refused(415, "Content-Encoding must be gzip, or left out");
    };
  }

  private static boolean isLines(String type) {
    String[] parts = type.toLowerCase(Locale.ROOT).split(";", 8);
    for (int i = 1; i < parts.length; i++) {
      String parameter = parts[i].strip().replace("\"", "");
      if (parameter.startsWith("charset=") && !parameter.equals("charset=utf-8")) {
        return false;
      }
    }
    return TYPES.contains(parts[0].strip());
  }

  private static RefusedException refused(int status, String message) {
    return new RefusedException(new Refusal(status, null, 0, message));
  }

  /// A gzip stream that must be all of the body. The JDK's own takes what comes after one member
  /// for the end where it is not there yet, and lines would be lost without a word.
  ///
  /// **Errors**: a [ZipException] where the body has come whole, and is not one whole member; where
  /// the body breaks off, what the body itself throws.
  private static final class WholeGzip extends FilterInputStream {
    private final InputStream encoded;

    private WholeGzip(InputStream encoded) throws IOException {
      super(begun(encoded));
      this.encoded = encoded;
    }

    private static InputStream begun(InputStream encoded) throws IOException {
      try {
        return new GZIPInputStream(encoded, BUFFER_BYTES);
      } catch (EOFException e) {
        throw cutOff(encoded, e);
      }
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      int read;
      try {
        read = super.read(bytes, offset, length);
      } catch (EOFException e) {
        throw cutOff(encoded, e);
      }
      if (read < 0 && encoded.read() >= 0) {
        throw new ZipException("more than one member");
      }
      return read;
    }

    /// Gives what to throw where the member ends too soon. The body's own end is told by an
    /// exception of the same kind where it is too soon, too: it throws that again.
    private static IOException cutOff(InputStream encoded, EOFException e) throws IOException {
      return encoded.read() < 0 ? new ZipException("not a whole member") : e;
    }
  }
}
