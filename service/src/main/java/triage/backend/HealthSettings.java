package triage.backend;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How a model server is asked whether it is ready.
///
/// @param path below the server's URL; any 2xx says that it is
/// @param interval how often it is asked; 100 ms to 10 min
/// @param timeout how long it may take to answer; 10 ms to 1 min
public record HealthSettings(String path, Duration interval, Duration timeout) {
  private static final String PATH_DEFAULT = "/v2/health/ready";
  private static final Duration INTERVAL_DEFAULT = Duration.ofSeconds(2);
  private static final Duration TIMEOUT_DEFAULT = Duration.ofSeconds(1);

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  public HealthSettings {
    if (!path.matches("/[!-~&&[^#]]{0,1000}")) {
      throw new IllegalArgumentException("path: " + path + " (expected: a path such as /ready)");
    }
    require("interval", interval, Duration.ofMillis(100), Duration.ofMinutes(10));
    require("timeout", timeout, Duration.ofMillis(10), Duration.ofMinutes(1));
  }

  /// Gives the settings that a file describes; what it leaves out has its default.
  @JsonCreator
  public static HealthSettings of(
      @Nullable String path, @Nullable Duration interval, @Nullable Duration timeout) {
    return new HealthSettings(
        path == null ? PATH_DEFAULT : path,
        interval == null ? INTERVAL_DEFAULT : interval,
        timeout == null ? TIMEOUT_DEFAULT : timeout);
  }

  private static void require(String name, Duration value, Duration least, Duration most) {
    if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: " + least + " to " + most + ")");
    }
  }
}
