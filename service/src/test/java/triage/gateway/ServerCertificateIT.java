package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import triage.MadeCertificate;

/// Files with certificates and keys, as tools make them.
final class ServerCertificateIT {
  private static final CertificateSettings SETTINGS =
      CertificateSettings.of(Path.of("server.pem"), Path.of("server.key"));

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"RSA", "EC", "Ed25519", "Ed448"})
  void takesACertificateWithItsKey(String kind) throws Exception {
    MadeCertificate made = MadeCertificate.of(folder, kind);
    made.writeTo(folder);
    try (ServerCertificate certificate = read(made.certificate().getNotBefore().toInstant())) {
      assertThat(certificate.ends()).isEqualTo(made.certificate().getNotAfter().toInstant());
      certificate.contexts().start();
      assertThat(certificate.contexts().newSSLEngine().getEnabledProtocols())
          .containsExactlyInAnyOrder("TLSv1.2", "TLSv1.3");
      certificate.contexts().stop();
    }
  }

  @Test
  void refusesWhatCannotBeReadOrUnderstood() throws Exception {
    MadeCertificate made = MadeCertificate.of(folder, "EC");
    Path pem = folder.resolve("server.pem");
    Path key = folder.resolve("server.key");
    Instant now = made.certificate().getNotBefore().toInstant();

    refuses(now, "certificateFile: " + pem + " cannot be read (expected: certificates in PEM)");
    Files.writeString(pem, "");
    refuses(now, "certificateFile: " + pem + " holds no certificate (expected: certificates");
    Files.writeString(pem, made.certificatePem().replaceFirst("\n....", "\nAAAA"));
    refuses(now, "certificateFile: " + pem + " is not understood (expected: certificates in PEM)");

    Files.writeString(pem, made.certificatePem());
    refuses(now, "keyFile: " + key + " cannot be read (expected: a private key in PEM)");
    Files.createDirectory(key);
    refuses(now, "keyFile: " + key + " cannot be read (expected: a private key in PEM)");
    Files.delete(key);
    Files.writeString(key, made.certificatePem());
    refuses(now, "keyFile: " + key + " holds no key of the certificate's kind, EC (expected:");
    Files.writeString(key, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
    refuses(now, "keyFile: " + key + " is encrypted (expected: a private key without a password)");
    Files.write(key, new byte[] {(byte) 0xff});
    refuses(now, "keyFile: " + key + " is no text (expected: a private key in PEM)");
    Files.write(key, new byte[100_000]);
    refuses(now, "keyFile: " + key + " is too large (expected: a private key, at most 64 KiB)");
  }

  @Test
  void refusesWhatDoesNotBelongTogether() throws Exception {
    MadeCertificate made = MadeCertificate.of(folder, "EC");
    MadeCertificate other = MadeCertificate.of(folder, "EC", "-groupname", "secp384r1");
    MadeCertificate alike = MadeCertificate.of(folder, "EC", "-dname", "CN=other");
    Instant now = other.certificate().getNotBefore().toInstant().plusSeconds(60);
    made.writeTo(folder);
    for (MadeCertificate wrong : new MadeCertificate[] {other, alike}) {
      Files.writeString(folder.resolve("server.key"), wrong.keyPem());
      refuses(
          now,
          "keyFile: "
              + folder.resolve("server.key")
              + " is not the key of the first certificate in "
              + folder.resolve("server.pem")
              + " (expected: the key that it was issued for)");
    }
    Files.writeString(folder.resolve("server.key"), made.keyPem());
    Files.writeString(folder.resolve("server.pem"), made.certificatePem() + alike.certificatePem());
    refuses(
        now,
        "certificateFile: "
            + folder.resolve("server.pem")
            + ": certificate 2 (CN=other) did not issue certificate 1 (CN=localhost) (expected:"
            + " after each one the one that issued it, or nothing more)");
  }

  @Test
  void refusesACertificateThatIsNotValidNow() throws Exception {
    MadeCertificate made = MadeCertificate.of(folder, "EC", "-validity", "1");
    made.writeTo(folder);
    Instant begins = made.certificate().getNotBefore().toInstant();
    String own =
        "certificateFile: " + folder.resolve("server.pem") + ": certificate 1 (CN=localhost)";
    refuses(
        begins.minusMillis(1),
        own + " is valid from " + begins + " (expected: one that is valid now; look at");
    refuses(
        begins.plus(Duration.ofDays(1)).plusMillis(1),
        own + " expired at " + begins.plus(Duration.ofDays(1)) + " (expected: renew it; if others");
  }

  @Test
  void refusesAChainOfWhichNotAllIsValidNow() throws Exception {
    MadeCertificate root =
        MadeCertificate.of(folder, "EC", "-dname", "CN=root", "-ext", "bc=ca:true");
    MadeCertificate between =
        root.issue(
            "EC",
            "-dname",
            "CN=between,O=Issuer",
            "-ext",
            "bc=ca:true",
            "-startdate",
            "+1d",
            "-validity",
            "2");
    MadeCertificate own = between.issue("EC", "-validity", "80");
    own.writeTo(folder);
    Path pem = folder.resolve("server.pem");
    Files.writeString(pem, own.certificatePem() + between.certificatePem() + root.certificatePem());
    Instant begins = between.certificate().getNotBefore().toInstant();
    Instant ends = between.certificate().getNotAfter().toInstant();
    String second = "certificateFile: " + pem + ": certificate 2 (CN=between,O=Issuer)";

    refuses(begins.minusMillis(1), second + " is valid from " + begins + " (expected: one that is");
    refuses(ends.plusMillis(1), second + " expired at " + ends + " (expected: renew it; if others");
    try (ServerCertificate taken = read(begins)) {
      assertThat(taken.ends()).as("the first to expire").isEqualTo(ends);
    }
  }

  @Test
  void refusesAnIssuerOfTheSameNameWithAnotherKey() throws Exception {
    String[] name = {"-dname", "CN=issuer", "-ext", "bc=ca:true"};
    MadeCertificate issuer = MadeCertificate.of(folder, "EC", name);
    MadeCertificate namesake = MadeCertificate.of(folder, "RSA", name);
    MadeCertificate own = issuer.issue("EC");
    Instant now = own.certificate().getNotBefore().toInstant().plusSeconds(60);
    own.writeTo(folder);
    Path pem = folder.resolve("server.pem");
    Files.writeString(pem, own.certificatePem() + issuer.certificatePem());
    read(now).close();
    for (MadeCertificate wrong : new MadeCertificate[] {namesake, own}) {
      Files.writeString(pem, own.certificatePem() + wrong.certificatePem());
      refuses(
          now,
          "certificateFile: "
              + pem
              + ": certificate 2 ("
              + wrong.certificate().getSubjectX500Principal()
              + ") did not issue certificate 1 (CN=localhost) (expected: after each one");
    }
  }

  @Test
  void showsARenewedCertificateOnceItsKeyIsThere() throws Exception {
    MadeCertificate first = MadeCertificate.of(folder, "EC", "-validity", "1");
    MadeCertificate second = MadeCertificate.of(folder, "RSA", "-validity", "2");
    first.writeTo(folder);
    try (ServerCertificate shown = read(second.certificate().getNotBefore().toInstant())) {
      shown.contexts().start();
      Instant ends = first.certificate().getNotAfter().toInstant();
      Files.writeString(folder.resolve("server.pem"), second.certificatePem());
      for (int i = 0; i < 3; i++) {
        shown.look();
        assertThat(shown.ends()).isEqualTo(ends);
      }
      Files.delete(folder.resolve("server.pem"));
      shown.look();
      assertThat(shown.ends()).isEqualTo(ends);
      second.writeTo(folder);
      shown.look();
      assertThat(shown.ends()).isEqualTo(second.certificate().getNotAfter().toInstant());
      shown.contexts().stop();
    }
  }

  private ServerCertificate read(Instant now) throws IOException {
    InstantSource clock = InstantSource.fixed(now);
    return new ServerCertificate(SETTINGS, folder, clock);
  }

  private void refuses(Instant now, String message) {
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> read(now).close())
        .withMessageStartingWith(message);
  }
}
