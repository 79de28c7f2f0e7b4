package triage.backend;

import org.jspecify.annotations.Nullable;
import triage.admission.ReservedShares;

/// The reserved shares of a gate as a settings file gives them; what it leaves out has its default.
///
/// @param critical of `CRITICAL`; 0 to 0.5
/// @param sheddablePlus of `SHEDDABLE_PLUS`; 0 to 0.5
/// @param sheddable of `SHEDDABLE`; 0 to 0.5; the three together at most 0.5
public record ReservedSettings(
    @Nullable Double critical, @Nullable Double sheddablePlus, @Nullable Double sheddable) {

  /// Gives the shares.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  ReservedShares shares() {
    ReservedShares defaults = ReservedShares.DEFAULTS;
    return new ReservedShares(
        critical == null ? defaults.critical() : critical,
        sheddablePlus == null ? defaults.sheddablePlus() : sheddablePlus,
        sheddable == null ? defaults.sheddable() : sheddable);
  }
}
