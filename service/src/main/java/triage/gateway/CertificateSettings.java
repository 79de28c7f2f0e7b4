package triage.gateway;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// What Triage shows to callers that want to know that it is the server: the settings under
/// `server.tls`. With them the callers' port speaks TLS, and nothing in the clear.
///
/// A relative path starts at the settings file's folder.
///
/// @param certificateFile the server's certificate, in PEM, and after it those that issued it, as
///     far as callers do not know them
/// @param keyFile the private key of the first certificate, in PEM, not encrypted
public record CertificateSettings(Path certificateFile, Path keyFile) {
  /// Gives the settings that a file describes.
  ///
  /// @throws IllegalArgumentException naming what is missing
  @JsonCreator
  public static CertificateSettings of(@Nullable Path certificateFile, @Nullable Path keyFile) {
    return new CertificateSettings(
        given("certificateFile", certificateFile, "the file with the certificate"),
        given("keyFile", keyFile, "the file with the certificate's private key"));
  }

  private static Path given(String name, @Nullable Path file, String rule) {
    if (file == null) {
      throw new IllegalArgumentException(name + ": missing (expected: " + rule + ")");
    }
    return file;
  }
}
