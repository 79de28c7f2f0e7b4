package triage.gateway;

/// The body of an answer to an inference: JSON, and after it the raw bytes of those tensors that
/// were asked for in binary.
///
/// **Threads**: immutable by contract; the bytes are shared, not copied.
final class OipAnswer {
  private final byte[] bytes;
  private final int jsonLength;

  /// Makes an answer of which so many bytes, from the first, are JSON.
  OipAnswer(byte[] bytes, int jsonLength) {
    this.bytes = bytes;
    this.jsonLength = jsonLength;
  }

  byte[] bytes() {
    return bytes;
  }

  int jsonLength() {
    return jsonLength;
  }

  /// Tells whether raw bytes follow the JSON.
  boolean isBinary() {
    return jsonLength < bytes.length;
  }
}
