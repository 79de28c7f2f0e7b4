package triage.backend;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// When a request that has no answer yet is sent to a second backend, too.
///
/// @param quantile after which quantile of the usual times to the first byte; 0.5 to 0.999
/// @param least after how long at least; 1 ms to 1 min
public record HedgeSettings(double quantile, Duration least) {
  private static final double QUANTILE_DEFAULT = 0.95;
  private static final Duration LEAST_DEFAULT = Duration.ofMillis(10);

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  public HedgeSettings {
    if (!(quantile >= 0.5 && quantile <= 0.999)) {
      throw new IllegalArgumentException("quantile: " + quantile + " (expected: 0.5 to 0.999)");
    }
    if (least.toMillis() < 1 || least.compareTo(Duration.ofMinutes(1)) > 0) {
      throw new IllegalArgumentException("least: " + least + " (expected: 1 ms to 1 min)");
    }
  }

  /// Gives the settings that a file describes; what it leaves out has its default.
  @JsonCreator
  public static HedgeSettings of(@Nullable Double quantile, @Nullable Duration least) {
    return new HedgeSettings(
        quantile == null ? QUANTILE_DEFAULT : quantile, least == null ? LEAST_DEFAULT : least);
  }
}
