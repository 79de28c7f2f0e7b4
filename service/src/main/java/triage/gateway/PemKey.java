package triage.gateway;

import java.io.ByteArrayOutputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A private key, in PEM: as PKCS#8 (RFC 5958), or in the older forms for RSA (PKCS#1, RFC 8017)
/// and for curves (SEC 1, RFC 5915), which are put into PKCS#8 with what the certificate says of
/// the kind of key.
///
/// **Threads**: no state.
final class PemKey {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----([^-]*)-----END \\1-----");
  private static final int SEQUENCE = 0x30;
  private static final int OCTETS = 0x04;
  private static final byte[] VERSION = {0x02, 0x01, 0x00};
  private static final int LENGTH_IN_ONE_BYTE_MAX = 0x7f;
  private static final int BYTE = 0xff;

  private PemKey() {}

  /// Tells whether a text holds a key that only a password opens.
  static boolean isEncrypted(String text) {
    return text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || text.contains(",ENCRYPTED");
  }

  /// Gives the first private key in a text, or nothing where none is understood.
  ///
  /// @param of the public half, which says of what kind the key is
  static Optional<PrivateKey> read(String text, PublicKey of) {
    Matcher block = BLOCK.matcher(text);
    if (!block.find()) {
      return Optional.empty();
    }
    try {
      byte[] bytes = Base64.getMimeDecoder().decode(block.group(2));
      byte[] pkcs8 = block.group(1).equals("PRIVATE KEY") ? bytes : wrapped(bytes, of);
      KeyFactory keys = KeyFactory.getInstance(of.getAlgorithm());
      return Optional.of(keys.generatePrivate(new PKCS8EncodedKeySpec(pkcs8)));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static byte[] wrapped(byte[] key, PublicKey of) {
    return der(SEQUENCE, VERSION, algorithm(of.getEncoded()), der(OCTETS, key));
  }

  /// Gives the first part of a public key's encoding: which kind of key it is.
  private static byte[] algorithm(byte[] subjectPublicKeyInfo) {
    int start = contentStart(subjectPublicKeyInfo, 0);
    // What describes a kind of key is always shorter than 128 bytes where curves have names.
    int end = contentStart(subjectPublicKeyInfo, start) + subjectPublicKeyInfo[start + 1];
    return Arrays.copyOfRange(subjectPublicKeyInfo, start, end);
  }

  private static int contentStart(byte[] der, int at) {
    int length = der[at + 1] & BYTE;
    return at + 2 + (length <= LENGTH_IN_ONE_BYTE_MAX ? 0 : length & LENGTH_IN_ONE_BYTE_MAX);
  }

  private static byte[] der(int tag, byte[]... parts) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      content.writeBytes(part);
    }
    int length = content.size();
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.write(tag);
    if (length <= LENGTH_IN_ONE_BYTE_MAX) {
      all.write(length);
    } else if (length <= BYTE) {
      all.write(0x81);
      all.write(length);
    } else {
      all.write(0x82);
      all.write(length >> 8);
      all.write(length & BYTE);
    }
    all.writeBytes(content.toByteArray());
    return all.toByteArray();
  }
}
