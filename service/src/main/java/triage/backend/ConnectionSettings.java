package triage.backend;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// The pool of connections to one model server.
///
/// @param max how many there may be at once; 1 to 10,000. The backend's limit stays within it
/// @param connectTimeout how long it may take until one stands, TLS included; 10 ms to 1 min
/// @param idleTimeout how long one that nobody uses is kept; 100 ms to 1 h
public record ConnectionSettings(int max, Duration connectTimeout, Duration idleTimeout) {
  /// What holds where the settings say nothing: 2,000, 1 s, 30 s.
  public static final ConnectionSettings DEFAULTS =
      new ConnectionSettings(2_000, Duration.ofSeconds(1), Duration.ofSeconds(30));

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  public ConnectionSettings {
    if (max < 1 || max > 10_000) {
      throw new IllegalArgumentException("max: " + max + " (expected: 1 to 10,000)");
    }
    require("connectTimeout", connectTimeout, Duration.ofMillis(10), Duration.ofMinutes(1));
    require("idleTimeout", idleTimeout, Duration.ofMillis(100), Duration.ofHours(1));
  }

  /// Gives the settings that a file describes; what it leaves out has its default.
  @JsonCreator
  public static ConnectionSettings of(
      @Nullable Integer max, @Nullable Duration connectTimeout, @Nullable Duration idleTimeout) {
    return new ConnectionSettings(
        max == null ? DEFAULTS.max : max,
        connectTimeout == null ? DEFAULTS.connectTimeout : connectTimeout,
        idleTimeout == null ? DEFAULTS.idleTimeout : idleTimeout);
  }

  private static void require(String name, Duration value, Duration least, Duration most) {
    if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: " + least + " to " + most + ")");
    }
  }
}
