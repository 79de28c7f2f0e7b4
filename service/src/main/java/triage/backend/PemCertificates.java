package triage.backend;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;

/// Certificates in a file, in PEM: of authorities, or a server's own.
///
/// **Threads**: no state.
public final class PemCertificates {
  private static final String RULE = " (expected: certificates in PEM)";

  private static final int BYTES_MAX = 4 << 20;

  private PemCertificates() {}

  /// Gives the certificates in a file, in their order; there is at least one.
  ///
  /// @throws IOException if there is none or the file cannot be read; the message is one line for
  ///     operators
  public static List<X509Certificate> read(Path file) throws IOException {
    if (file.toFile().length() > BYTES_MAX) {
      throw new IOException(file + " is larger than 4 MiB" + RULE);
    }
    try (InputStream in = Files.newInputStream(file)) {
      List<X509Certificate> certificates =
          CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
              .map(X509Certificate.class::cast)
              .toList();
      if (certificates.isEmpty()) {
        throw new IOException(file + " holds no certificate" + RULE);
      }
      return certificates;
    } catch (CertificateException e) {
      throw new IOException(file + " is not understood" + RULE, e);
    } catch (FileSystemException e) {
      throw new IOException(file + " cannot be read" + RULE, e);
    }
  }
}
