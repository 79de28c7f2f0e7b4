package triage.identity;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// By what a verified token is remembered: the first 128 bits of its SHA-256, so that a memory dump
/// holds no token that is not in use on an open connection.
///
/// **Threads**: immutable.
record TokenKey(long high, long low) {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final MessageDigest SHA_256 = sha256();

  /// Gives the key of the token that starts at `start` and ends where the header value ends.
  ///
  /// Characters beyond Latin-1 count as `?`, which no token holds.
  static TokenKey of(String header, int start) {
    byte[] text = header.getBytes(StandardCharsets.ISO_8859_1);
    try {
      // A copy is cheaper than a look-up among the providers; a thread-local one would be made anew
      // for every virtual thread.
      MessageDigest digest = (MessageDigest) SHA_256.clone();
      digest.update(text, start, text.length - start);
      byte[] hash = digest.digest();
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
