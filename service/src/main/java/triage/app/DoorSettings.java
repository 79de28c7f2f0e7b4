package triage.app;

import com.fasterxml.jackson.annotation.JsonCreator;
import org.jspecify.annotations.Nullable;
import triage.admission.Mode;

/// The front door.
///
/// @param inFlightMax how many requests may be inside this instance at once, waiting ones included;
///     1 to 1000000
/// @param reserved how many requests beyond that, or under pressure, may be inside at once that are
///     answered later: analyses with `respond-async`, and batches; 0 to 100000
/// @param mode whether the door sheds under pressure; `inFlightMax` holds in every mode
public record DoorSettings(int inFlightMax, int reserved, Mode mode) {
  /// What holds where the settings say nothing: 10,000, which is about 1 GB with bodies of 64 KB,
  /// and sheds under pressure, but for 512 that are answered later: as many as fill a commit.
  public static final DoorSettings DEFAULTS = new DoorSettings(10_000, 512, Mode.ENFORCE);

  /// Checks the range.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  public DoorSettings {
    if (inFlightMax < 1 || inFlightMax > 1_000_000) {
      throw new IllegalArgumentException(
          "inFlightMax: " + inFlightMax + " (expected: 1 to 1000000)");
    }
    if (reserved < 0 || reserved > 100_000) {
      throw new IllegalArgumentException("reserved: " + reserved + " (expected: 0 to 100000)");
    }
  }

  /// Gives the door that a settings file describes; what it leaves out has its default.
  @JsonCreator
  public static DoorSettings of(
      @Nullable Integer inFlightMax, @Nullable Integer reserved, @Nullable String mode) {
    return new DoorSettings(
        inFlightMax == null ? DEFAULTS.inFlightMax : inFlightMax,
        reserved == null ? DEFAULTS.reserved : reserved,
        mode == null ? DEFAULTS.mode : Mode.of(mode));
  }
}
