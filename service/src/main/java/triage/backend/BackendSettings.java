package triage.backend;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.net.URI;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;
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
/// @param health how the server is asked whether it is ready; null: it is not asked
/// @param connections the pool of this backend's connections to the server
/// @param tls whom Triage believes that it is the server
/// @param credentials what Triage shows the server; null: nothing
/// @param loadReports whether the server is asked for its load, and chosen by it
public record BackendSettings(
    @Nullable URI url,
    @Nullable Path file,
    LimitSettings limit,
    double weight,
    @Nullable HealthSettings health,
    ConnectionSettings connections,
    TlsSettings tls,
    @Nullable CredentialSettings credentials,
    boolean loadReports) {
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
    if (url != null && limit.most() > connections.max()) {
      throw new IllegalArgumentException(
          "limit: " + limit.most() + " (expected: <= connections.max, " + connections.max() + ")");
    }
    if (url != null && tls.caFile() != null && !"https".equals(url.getScheme())) {
      throw new IllegalArgumentException("tls: for " + url + " (expected: an https url with it)");
    }
  }

  /// Gives the backend that a settings file describes; what it leaves out has its default.
  @JsonCreator
  public static BackendSettings of(
      @Nullable URI url,
      @Nullable Path file,
      @Nullable Integer limit,
      @Nullable Double weight,
      @Nullable HealthSettings health,
      @Nullable ConnectionSettings connections,
      @Nullable TlsSettings tls,
      @Nullable CredentialSettings credentials,
      @Nullable Boolean loadReports) {
    if (file != null
        && Stream.of(health, connections, tls, credentials, loadReports)
            .anyMatch(Objects::nonNull)) {
      throw new IllegalArgumentException(
          "file: health, connections, tls, credentials and loadReports are for a url only");
    }
    ConnectionSettings pool = connections == null ? ConnectionSettings.DEFAULTS : connections;
    return new BackendSettings(
        url,
        file,
        limit != null
            ? LimitSettings.fixed(limit)
            : file != null ? IN_PROCESS_DEFAULT : found(pool),
        weight == null ? 1 : weight,
        health,
        pool,
        tls == null ? TlsSettings.DEFAULTS : tls,
        credentials,
        loadReports != null && loadReports);
  }

  /// Gives a model server at a URL, with everything else at its default.
  public static BackendSettings at(URI url) {
    return of(url, null, null, null, null, null, null, null, null);
  }

  /// Gives a file in process, with everything else at its default.
  public static BackendSettings inProcess(Path file) {
    return of(null, file, null, null, null, null, null, null, null);
  }

  /// Gives the limit that tunes itself, within the pool of connections: what waits for a connection
  /// waits where no gate sees it.
  private static LimitSettings found(ConnectionSettings pool) {
    return LimitSettings.selfTuning(Math.min(pool.max(), LimitSettings.MOST_DEFAULT));
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
