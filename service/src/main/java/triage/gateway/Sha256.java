package triage.gateway;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// The digest by which bodies are known.
///
/// **Threads**: no state.
public final class Sha256 {
  private Sha256() {}

  /// Gives a digest of nothing yet, to be fed.
  public static MessageDigest begin() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /// Gives the digest of bytes.
  public static byte[] of(byte[] bytes) {
    return begin().digest(bytes);
  }
}
