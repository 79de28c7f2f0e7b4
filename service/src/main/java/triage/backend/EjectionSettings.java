package triage.backend;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// When a backend is taken out of rotation for doing much worse than its peers, and for how long.
///
/// @param failureShare the share of its exchanges that fail, and that is four times as high as that
///     of its peers; 0.01 to 1
/// @param slowerBy how many times longer than at its peers an exchange takes, while nobody waits;
///     2 to 1,000
/// @param ejectFor how long it is out, the first time; 100 ms to 10 min
public record EjectionSettings(double failureShare, double slowerBy, Duration ejectFor) {
  /// What holds where the settings say nothing: 0.2, 4, 10 s.
  public static final EjectionSettings DEFAULTS =
      new EjectionSettings(0.2, 4, Duration.ofSeconds(10));

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  public EjectionSettings {
    if (!(failureShare >= 0.01 && failureShare <= 1)) {
      throw new IllegalArgumentException(
          "failureShare: " + failureShare + " (expected: 0.01 to 1)");
    }
    if (!(slowerBy >= 2 && slowerBy <= 1_000)) {
      throw new IllegalArgumentException("slowerBy: " + slowerBy + " (expected: 2 to 1,000)");
    }
    if (ejectFor.toMillis() < 100 || ejectFor.compareTo(Duration.ofMinutes(10)) > 0) {
      throw new IllegalArgumentException("ejectFor: " + ejectFor + " (expected: 100 ms to 10 min)");
    }
  }

  /// Gives the settings that a file describes; what it leaves out has its default.
  @JsonCreator
  public static EjectionSettings of(
      @Nullable Double failureShare, @Nullable Double slowerBy, @Nullable Duration ejectFor) {
    return new EjectionSettings(
        failureShare == null ? DEFAULTS.failureShare : failureShare,
        slowerBy == null ? DEFAULTS.slowerBy : slowerBy,
        ejectFor == null ? DEFAULTS.ejectFor : ejectFor);
  }
}
