package triage.gateway;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// How long callers of one group of paths are waited for.
///
/// @param idleTimeout how long the next part of a body may take to come, and the caller may take to
///     read a part of the answer; 100 ms to 1 h; `null`: as by default for the group
/// @param keepAlive how long a connection is kept for the next request after an answer; 100 ms to
///     1 h; `null`: as by default for the group
public record RouteSettings(@Nullable Duration idleTimeout, @Nullable Duration keepAlive) {

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  public RouteSettings {
    if (idleTimeout != null) {
      PaceSettings.requireWait("idleTimeout", idleTimeout);
    }
    if (keepAlive != null) {
      PaceSettings.requireWait("keepAlive", keepAlive);
    }
  }

  /// Gives what a settings file describes.
  @JsonCreator
  public static RouteSettings of(@Nullable Duration idleTimeout, @Nullable Duration keepAlive) {
    return new RouteSettings(idleTimeout, keepAlive);
  }

  static RouteSettings ofSeconds(long idleTimeout, long keepAlive) {
    return new RouteSettings(Duration.ofSeconds(idleTimeout), Duration.ofSeconds(keepAlive));
  }

  /// Gives these settings, with those of `defaults` where these say nothing.
  RouteSettings orElse(RouteSettings defaults) {
    return new RouteSettings(
        idleTimeout == null ? defaults.idleTimeout : idleTimeout,
        keepAlive == null ? defaults.keepAlive : keepAlive);
  }

  long idleNanos() {
    return Objects.requireNonNull(idleTimeout).toNanos();
  }

  long keepAliveNanos() {
    return Objects.requireNonNull(keepAlive).toNanos();
  }
}
