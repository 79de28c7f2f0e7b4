package triage.gateway;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;

/// A chain of certificates, each issued by the one after it, and the private key of its first one;
/// all belong together and are valid at the time of reading. The key is in no text form of this.
///
/// **Threads**: immutable.
final class Certified {
  private static final int KEY_BYTES_MAX = 64 << 10;
  private static final byte[] PROOF = {1, 2, 3, 4};

  private final List<X509Certificate> chain;
  private final PrivateKey key;

  private Certified(List<X509Certificate> chain, PrivateKey key) {
    this.chain = chain;
    this.key = key;
  }

  /// Reads the key of a chain, and checks that both can be used.
  ///
  /// @param certificateFile where the chain is from, for messages
  /// @throws IOException if not; the message is one line for operators that begins with the setting
  static Certified of(List<X509Certificate> chain, Path certificateFile, Path keyFile, Instant now)
      throws IOException {
    for (int i = 0; i < chain.size(); i++) {
      requireValid(chain.get(i), named(chain, i, certificateFile), now);
    }
    for (int i = 1; i < chain.size(); i++) {
      if (!issued(chain.get(i), chain.get(i - 1))) {
        throw new IOException(
            named(chain, i, certificateFile)
                + " did not issue certificate "
                + numbered(chain, i - 1)
                + " (expected: after each one the one that issued it, or nothing more)");
      }
    }
    X509Certificate own = chain.getFirst();
    PrivateKey key = key(keyFile, own.getPublicKey());
    if (!belong(key, own.getPublicKey())) {
      throw new IOException(
          "keyFile: "
              + keyFile
              + " is not the key of the first certificate in "
              + certificateFile
              + " (expected: the key that it was issued for)");
    }
    return new Certified(chain, key);
  }

  private static void requireValid(X509Certificate certificate, String named, Instant now)
      throws IOException {
    Instant begins = certificate.getNotBefore().toInstant();
    Instant ends = certificate.getNotAfter().toInstant();
    if (now.isAfter(ends)) {
      throw new IOException(
          named
              + " expired at "
              + ends
              + " (expected: renew it; if others issue it, put their present one in its place)");
    }
    if (now.isBefore(begins)) {
      throw new IOException(
          named
              + " is valid from "
              + begins
              + " (expected: one that is valid now; look at this machine's clock, too)");
    }
  }

  /// Tells whether one certificate was issued with the key of the other, and under its name.
  private static boolean issued(X509Certificate issuer, X509Certificate certificate) {
    if (!issuer.getSubjectX500Principal().equals(certificate.getIssuerX500Principal())) {
      return false;
    }
    try {
      certificate.verify(issuer.getPublicKey());
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static String named(List<X509Certificate> chain, int index, Path file) {
    return "certificateFile: " + file + ": certificate " + numbered(chain, index);
  }

  private static String numbered(List<X509Certificate> chain, int index) {
    String subject = chain.get(index).getSubjectX500Principal().getName();
    return (index + 1) + " (" + (subject.isEmpty() ? "without a subject" : subject) + ")";
  }

  private static PrivateKey key(Path file, PublicKey of) throws IOException {
    String named = "keyFile: " + file;
    if (file.toFile().length() > KEY_BYTES_MAX) {
      throw new IOException(named + " is too large (expected: a private key, at most 64 KiB)");
    }
    String text;
    try {
      text = Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new IOException(named + " is no text (expected: a private key in PEM)", e);
    } catch (IOException e) {
      throw new IOException(named + " cannot be read (expected: a private key in PEM)", e);
    }
    if (PemKey.isEncrypted(text)) {
      throw new IOException(named + " is encrypted (expected: a private key without a password)");
    }
    return PemKey.read(text, of)
        .orElseThrow(() ->
            new IOException(
                "%s holds no key of the certificate's kind, %s (expected: its private key in PEM)"
                    .formatted(named, of.getAlgorithm())));
  }

  /// Tells whether what one key signs is what the other verifies.
  private static boolean belong(PrivateKey key, PublicKey of) throws IOException {
    String algorithm =
        switch (of.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          case "EdDSA" -> "EdDSA";
          default ->
              throw new IOException(
                  "certificateFile: its key is of kind "
                      + of.getAlgorithm()
                      + " (expected: RSA, EC or EdDSA)");
        };
    try {
      Signature signature = Signature.getInstance(algorithm);
      signature.initSign(key);
      signature.update(PROOF);
      byte[] signed = signature.sign();
      signature.initVerify(of);
      signature.update(PROOF);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false; // Of another curve or length.
    }
  }

  List<X509Certificate> chain() {
    return chain;
  }

  /// Gives when the first certificate of the chain expires, from when on callers refuse it.
  Instant ends() {
    return chain.stream()
        .map(certificate -> certificate.getNotAfter().toInstant())
        .min(Comparator.naturalOrder())
        .orElseThrow();
  }

  /// Gives both in a store in memory, as Java's TLS wants them.
  KeyStore store(String password) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry(
          "server", key, password.toCharArray(), chain.toArray(X509Certificate[]::new));
      return store;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("a key store in memory failed", e);
    }
  }
}
