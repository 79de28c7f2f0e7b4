package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import triage.MadeCertificate;

class PemKeyTest {
  @ParameterizedTest
  @CsvSource({"RSA, 512", "RSA, 1024", "EC, 256", "EC, 521", "Ed25519, 255"})
  void readsKeysOfEveryKind(String kind, int bits) throws Exception {
    KeyPair pair = pair(kind, bits);
    String text = MadeCertificate.pem("PRIVATE KEY", pair.getPrivate().getEncoded());
    assertThat(PemKey.read("Bag Attributes\n" + text, pair.getPublic()))
        .hasValue(pair.getPrivate());
  }

  @ParameterizedTest
  @CsvSource({"RSA, 512", "RSA, 1024", "RSA, 2048", "EC, 256", "EC, 521"})
  void readsTheOlderForms(String kind, int bits) throws Exception {
    KeyPair pair = pair(kind, bits);
    byte[] pkcs8 = pair.getPrivate().getEncoded();
    String text = MadeCertificate.pem(kind + " PRIVATE KEY", inner(pkcs8));
    String parameters = MadeCertificate.pem("EC PARAMETERS", new byte[] {6, 1, 1});
    assertThat(PemKey.read(parameters + text, pair.getPublic())).hasValue(pair.getPrivate());
  }

  @Test
  void understandsNoOthers() throws Exception {
    KeyPair pair = pair("EC", 256);
    String text = MadeCertificate.pem("PRIVATE KEY", pair.getPrivate().getEncoded());
    assertThat(PemKey.read("", pair.getPublic())).isEmpty();
    assertThat(PemKey.read(text.substring(0, text.length() - 20), pair.getPublic())).isEmpty();
    assertThat(PemKey.read(text.replaceFirst("\n..", "\nAA"), pair.getPublic())).isEmpty();
    assertThat(PemKey.read(text, pair("RSA", 512).getPublic())).as("of another kind").isEmpty();
    assertThat(PemKey.isEncrypted(text)).isFalse();
  }

  @Test
  void knowsAnEncryptedKey() {
    assertThat(PemKey.isEncrypted("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")).isTrue();
    assertThat(PemKey.isEncrypted("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"))
        .isTrue();
  }

  private static KeyPair pair(String kind, int bits) throws Exception {
    KeyPairGenerator keys = KeyPairGenerator.getInstance(kind);
    keys.initialize(bits);
    return keys.generateKeyPair();
  }

  /// Gives what PKCS#8 wraps: the octets after the version and the kind of key.
  private static byte[] inner(byte[] pkcs8) {
    int version = content(pkcs8, 0);
    int kind = next(pkcs8, version);
    int octets = next(pkcs8, kind);
    return Arrays.copyOfRange(pkcs8, content(pkcs8, octets), next(pkcs8, octets));
  }

  private static int content(byte[] der, int at) {
    int first = der[at + 1] & 0xff;
    return at + 2 + (first < 0x80 ? 0 : first - 0x80);
  }

  private static int next(byte[] der, int at) {
    int length = der[at + 1] & 0xff;
    if (length >= 0x80) {
      int bytes = length - 0x80;
      length = 0;
      for (int i = 0; i < bytes; i++) {
        length = length << 8 | der[at + 2 + i] & 0xff;
      }
    }
    return content(der, at) + length;
  }
}
