package triage.backend;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One more version of a model, beside the one that callers get who name none. The bounds of a
/// request are the model's.
///
/// @param backends who serves it; 1 to 100
public record VersionSettings(List<BackendSettings> backends) {
  /// Copies the list and checks the range.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  public VersionSettings {
    backends = List.copyOf(backends);
    if (backends.isEmpty() || backends.size() > 100) {
      throw new IllegalArgumentException(
          "backends: " + backends.size() + " of them (expected: 1 to 100)");
    }
  }

  /// Gives the version that a settings file describes.
  @JsonCreator
  public static VersionSettings of(@Nullable List<BackendSettings> backends) {
    return new VersionSettings(backends == null ? List.of() : backends);
  }
}
