package triage.identity;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// By what a verified token is remembered: the first 128 bits of its SHA-256, so that a memory dump
/// holds no token.
///
/// **Threads**: immutable.
record TokenKey(long high, long low) {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final MessageDigest SHA_256 = sha256();

  /// Gives the key of the token that starts at `start` and ends where the header value ends.
  ///
  /// The value must be ASCII.
  static TokenKey of(String header, int start) {
    byte[] token = new byte[header.length() - start];
    for (int i = 0; i < token.length; i++) {
      token[i] = (byte) header.charAt(start + i);
    }
    try {
      // A copy costs a quarter of a look-up among the providers; a thread-local one would be made
      // anew for every virtual thread.
      byte[] hash = ((MessageDigest) SHA_256.clone()).digest(token);
      return new TokenKey((long) LONGS.get(hash, 0), (long) LONGS.get(hash, 8));
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("SHA-256 cannot be copied", e);
    }
  }

  @Override
  public int hashCode() {
    return Long.hashCode(low);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("SHA-256 is not there", e);
    }
  }
}
