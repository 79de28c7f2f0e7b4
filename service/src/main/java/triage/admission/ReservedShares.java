package triage.admission;

/// What share of the dispatches from a queue each class is sure of, however much of higher classes
/// waits. A share that is not used is lent to whoever is next; it is not saved up.
///
/// `CRITICAL_PLUS` needs none: it comes first.
///
/// @param critical of `CRITICAL`; 0 to 0.5
/// @param sheddablePlus of `SHEDDABLE_PLUS`; 0 to 0.5
/// @param sheddable of `SHEDDABLE`; 0 to 0.5; the three together at most 0.5
public record ReservedShares(double critical, double sheddablePlus, double sheddable) {
  /// What holds where the settings say nothing: enough that no class is starved for ever.
  public static final ReservedShares DEFAULTS = new ReservedShares(0.05, 0.01, 0.01);

  /// No class is sure of anything.
  public static final ReservedShares NONE = new ReservedShares(0, 0, 0);

  private static final double ALL_MAX = 0.5;

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  public ReservedShares {
    require("critical", critical);
    require("sheddablePlus", sheddablePlus);
    require("sheddable", sheddable);
    double all = critical + sheddablePlus + sheddable;
    if (all > ALL_MAX) {
      throw new IllegalArgumentException("reserved: " + all + " together (expected: 0 to 0.5)");
    }
  }

  /// Gives the share of a class.
  double of(Criticality criticality) {
    return switch (criticality) {
      case CRITICAL_PLUS -> 0;
      case CRITICAL -> critical;
      case SHEDDABLE_PLUS -> sheddablePlus;
      case SHEDDABLE -> sheddable;
    };
  }

  private static void require(String name, double value) {
    if (!(value >= 0 && value <= ALL_MAX)) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: 0 to 0.5)");
    }
  }
}
