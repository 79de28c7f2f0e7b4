package triage.backend;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What Triage shows a model server to be let in: one header, whose value is read from a file.
///
/// @param file holds the secret on one line, and is read again when it has changed; a relative path
///     starts at the settings file's folder
/// @param header the header's name
/// @param scheme what stands before the secret and a space; empty for nothing
public record CredentialSettings(Path file, String header, String scheme) {
  private static final String HEADER_DEFAULT = "Authorization";
  private static final String SCHEME_DEFAULT = "Bearer";

  /// What carries the request itself, not who sends it.
  private static final Set<String> NOT_FOR_SECRETS =
      Set.of("host", "content-length", "transfer-encoding", "connection", "content-type", "te");

  /// Checks the texts.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  public CredentialSettings {
    if (!header.matches("[A-Za-z][A-Za-z0-9-]{0,99}")
        || NOT_FOR_SECRETS.contains(header.toLowerCase(Locale.ROOT))) {
      throw new IllegalArgumentException(
          "header: " + header + " (expected: a header's name, such as X-Api-Key)");
    }
    if (!scheme.matches("[A-Za-z0-9-]{0,50}")) {
      throw new IllegalArgumentException("scheme: " + scheme + " (expected: a word, or nothing)");
    }
  }

  /// Gives the settings that a file describes; what it leaves out has its default.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  @JsonCreator
  public static CredentialSettings of(
      @Nullable Path file, @Nullable String header, @Nullable String scheme) {
    if (file == null) {
      throw new IllegalArgumentException("file: none (expected: the file that holds the secret)");
    }
    boolean usual = header == null || header.equalsIgnoreCase(HEADER_DEFAULT);
    return new CredentialSettings(
        file,
        header == null ? HEADER_DEFAULT : header,
        scheme != null ? scheme : usual ? SCHEME_DEFAULT : "");
  }
}
