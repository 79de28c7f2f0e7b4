package triage.backend;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import triage.admission.LaneSettings;
import triage.admission.LimitSettings;

/// One backend of a model: a model server at a URL, or a model file that is run in process.
///
/// @param url the server's address, such as `http://127.0.0.1:9100`
/// @param file an ONNX file; a relative path starts at the settings file's folder
/// @param limit how many requests it may hold at once; without a number the gate finds out what a
///     model server can do, and a file in process has 8 threads
/// @param weight how much of the load it should have in comparison with the model's other backends,
///     all else equal; 0.01 to 100
public record BackendSettings(
    @Nullable URI url, @Nullable Path file, LimitSettings limit, double weight) {
  private static final LimitSettings IN_PROCESS_DEFAULT = LimitSettings.fixed(8);

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  public BackendSettings {
    if ((url == null) == (file == null)) {
      throw new IllegalArgumentException(
          "url, file: "
              + (url == null ? "none" : "both")
              + " (expected: one of them, a model server's URL or an ONNX file)");
    }
    if (url != null && !isHttp(url)) {
      throw new IllegalArgumentException(
          "url: " + url + " (expected: http://host[:port][/path] without user, query or fragment)");
    }
    var _ = new LaneSettings(limit, weight);
  }

  /// Gives the backend that a settings file describes; what it leaves out has its default.
  @JsonCreator
  public static BackendSettings of(
      @Nullable URI url, @Nullable Path file, @Nullable Integer limit, @Nullable Double weight) {
    LimitSettings unset =
        file == null ? LimitSettings.selfTuning(LimitSettings.MOST_DEFAULT) : IN_PROCESS_DEFAULT;
    return new BackendSettings(
        url, file, limit == null ? unset : LimitSettings.fixed(limit), weight == null ? 1 : weight);
  }

  /// Gives what the gate is told of it.
  LaneSettings lane() {
    return new LaneSettings(limit, weight);
  }

  private static boolean isHttp(URI url) {
    return ("http".equals(url.getScheme()) || "https".equals(url.getScheme()))
        && url.getHost() != null
        && url.getUserInfo() == null
        && url.getQuery() == null
        && url.getFragment() == null;
  }
}
