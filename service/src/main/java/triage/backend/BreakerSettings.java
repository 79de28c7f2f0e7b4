package triage.backend;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// When a backend's breaker opens, and for how long.
///
/// @param failures how many of the last `of` exchanges must fail; 1 to `of`
/// @param of how many exchanges are looked back upon; 1 to 1,000
/// @param openFor how long the breaker stays open before one request tries again; 100 ms to 10 min
/// @param hungAfter how long no byte may come back on three or more exchanges, in flight together
///     or in a row; at least 100 ms; the time that answers take, or the exchanges' own timeout,
///     counts where it is longer
public record BreakerSettings(int failures, int of, Duration openFor, Duration hungAfter) {
  private static final Duration SHORTEST = Duration.ofMillis(100);

  /// What holds where the settings say nothing: 5 of 10, 2 s, 1 s.
  public static final BreakerSettings DEFAULTS =
      new BreakerSettings(5, 10, Duration.ofSeconds(2), Duration.ofSeconds(1));

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  public BreakerSettings {
    if (of < 1 || of > 1_000) {
      throw new IllegalArgumentException("of: " + of + " (expected: 1 to 1,000)");
    }
    if (failures < 1 || failures > of) {
      throw new IllegalArgumentException("failures: " + failures + " (expected: 1 to " + of + ")");
    }
    if (openFor.compareTo(SHORTEST) < 0 || openFor.compareTo(Duration.ofMinutes(10)) > 0) {
      throw new IllegalArgumentException("openFor: " + openFor + " (expected: 100 ms to 10 min)");
    }
    if (hungAfter.compareTo(SHORTEST) < 0) {
      throw new IllegalArgumentException("hungAfter: " + hungAfter + " (expected: >= 100 ms)");
    }
  }

  /// Gives the breaker that a settings file describes; what it leaves out has its default.
  @JsonCreator
  public static BreakerSettings of(
      @Nullable Integer failures,
      @Nullable Integer of,
      @Nullable Duration openFor,
      @Nullable Duration hungAfter) {
    return new BreakerSettings(
        failures == null ? DEFAULTS.failures : failures,
        of == null ? DEFAULTS.of : of,
        openFor == null ? DEFAULTS.openFor : openFor,
        hungAfter == null ? DEFAULTS.hungAfter : hungAfter);
  }
}
