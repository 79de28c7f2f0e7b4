package triage.gateway;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// The digest by which bodies are known.
///
/// **Threads**: no state.
public final class Sha256 {
  private static final MessageDigest OF_NOTHING = made();

  private Sha256() {}

  /// Gives a digest of nothing yet, to be fed.
  public static MessageDigest begin() {
    try {
      // Cheaper than a look-up among the providers.
      return (MessageDigest) OF_NOTHING.clone();
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("SHA-256 cannot be copied", e);
    }
  }

  private static MessageDigest made() {
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
