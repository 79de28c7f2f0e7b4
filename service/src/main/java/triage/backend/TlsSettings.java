package triage.backend;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Whom Triage believes that it is the model server of an `https` URL. The name in the certificate
/// must always be that of the URL.
///
/// @param caFile certificates of authorities, in PEM, that are believed in place of the platform's;
///     a relative path starts at the settings file's folder
public record TlsSettings(@Nullable Path caFile) {
  /// What holds where the settings say nothing: the platform's authorities.
  public static final TlsSettings DEFAULTS = new TlsSettings(null);

  /// Gives the settings that a file describes.
  @JsonCreator
  public static TlsSettings of(@Nullable Path caFile) {
    return new TlsSettings(caFile);
  }
}
