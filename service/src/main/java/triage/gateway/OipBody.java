package triage.gateway;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.InflaterInputStream;
import org.jspecify.annotations.Nullable;

/// The body of an inference request for a model in process: freed of its encoding, and parted into
/// JSON and the raw bytes of tensors that follow it.
///
/// **Source**: Open Inference Protocol v2, binary tensor data extension; RFC 9110, section 8.4.1.
///
/// **Threads**: immutable by contract; the bytes are shared, not copied.
final class OipBody {
  /// How many bytes of a body that has raw tensors are JSON.
  static final String JSON_LENGTH = "Inference-Header-Content-Length";

  private static final int PART = 16 << 10;

  private final byte[] bytes;
  private final int jsonLength;

  /// Makes a body of which so many bytes, from the first, are JSON.
  OipBody(byte[] bytes, int jsonLength) {
    this.bytes = bytes;
    this.jsonLength = jsonLength;
  }

  /// Gives a body that is JSON and nothing else.
  static OipBody json(byte[] bytes) {
    return new OipBody(bytes, bytes.length);
  }

  byte[] bytes() {
    return bytes;
  }

  int jsonLength() {
    return jsonLength;
  }

  /// Takes a body apart.
  ///
  /// @param length the header [#JSON_LENGTH], or `null`
  /// @param encoding the header Content-Encoding, or `null`
  /// @param bytesMax how long it may be once it is decoded
  /// @throws RefusedException 400 for a length or an encoding that does not fit the body, 413 for
  ///     one that decodes to too much, 415 for an encoding that is not known
  static OipBody of(byte[] sent, @Nullable String length, @Nullable String encoding, long bytesMax)
      throws RefusedException {
    byte[] bytes = decoded(sent, encoding, bytesMax);
    return new OipBody(bytes, length == null ? bytes.length : jsonLength(length, bytes.length));
  }

  private static int jsonLength(String text, int size) throws RefusedException {
    String digits = text.strip();
    boolean bounded =
        !digits.isEmpty()
            && digits.length() <= 10
            && digits.chars().allMatch(digit -> digit >= '0' && digit <= '9');
    if (!bounded || Long.parseLong(digits) > size) {
      throw new RefusedException(
          Refusal.badRequest(
              JSON_LENGTH
                  + " must be how many bytes of the body are JSON, 0 to "
                  + size
                  + ", the whole body"));
    }
    return Integer.parseInt(digits);
  }

  private static byte[] decoded(byte[] sent, @Nullable String encoding, long bytesMax)
      throws RefusedException {
    String name = encoding == null ? "identity" : encoding.strip().toLowerCase(Locale.ROOT);
    if (name.equals("identity")) {
      return sent;
    }
    if (!name.equals("gzip") && !name.equals("deflate")) {
      throw new RefusedException(
          new Refusal(
              415,
              null,
              0,
              "Content-Encoding must be gzip, deflate (the zlib format) or identity, and one of"
                  + " them"));
    }
    try (InputStream stream = decoder(name, new ByteArrayInputStream(sent))) {
      return bounded(stream, bytesMax);
    } catch (IOException e) {
      throw new RefusedException(
          Refusal.badRequest("the body is not what its Content-Encoding says: " + name));
    }
  }

  private static InputStream decoder(String name, InputStream sent) throws IOException {
    return name.equals("gzip") ? new GZIPInputStream(sent, PART) : new InflaterInputStream(sent);
  }

  /// Reads a decoded body as far as it may go: a few bytes can decode to very many.
  private static byte[] bounded(InputStream stream, long bytesMax)
      throws IOException, RefusedException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(PART);
    byte[] part = new byte[PART];
    for (int count = stream.read(part); count >= 0; count = stream.read(part)) {
      if (bytes.size() + (long) count > bytesMax) {
        throw new RefusedException(
            new Refusal(
                413,
                null,
                0,
                "the body decodes to more than " + bytesMax + " bytes; send fewer rows at a time"));
      }
      bytes.write(part, 0, count);
    }
    return bytes.toByteArray();
  }
}
