package triage.admission;

/// The levels between which a [TunedLimit] goes to and fro once it has grown, about the estimate of
/// the capacity.
///
/// **Units**: requests in flight.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class Levels {
  /// The lower and the higher level, as multiples of the estimated capacity.
  private static final double HEADROOM = 1.05;

  private static final double HIGH = 1.4;

  /// The higher level where the work is so even that little shows much, and from how many slots on.
  private static final double HIGH_WHERE_EVEN = 1.25;

  private static final double EVEN_FROM = 3;

  /// How much farther apart the levels are where the estimate is more uncertain than usual.
  private static final double SPREAD = 3;

  /// How far beyond the estimate the higher level goes at most for that.
  private static final double SPREAD_MAX = 4;

  /// The level below the lower one, as a share of it.
  private static final double BELOW = 0.8;

  private final int most;
  private final Estimate estimate;
  private final RefusalBound refusals;
  private int reached;

  Levels(int most, Estimate estimate, RefusalBound refusals) {
    this.most = most;
    this.estimate = estimate;
    this.refusals = refusals;
  }

  /// Notes a level that growth has come to, and has seen waiting at.
  void reached(int level) {
    reached = level;
  }

  int low() {
    return Math.clamp(
        Math.round(Math.min(refusals.lower(), HEADROOM * estimate.capacity())), 1, most);
  }

  /// Gives the higher level.
  ///
  /// @param even whether the work is even
  int high(boolean even) {
    double centre = estimate.capacity();
    double unsure = Math.exp(SPREAD * estimate.unusualDoubt());
    double usual =
        even && centre >= EVEN_FROM
            ? HIGH_WHERE_EVEN * centre
            : HIGH * centre + Math.min(1, 0.5 * (centre - 1));
    double wanted =
        Math.max(usual, Math.min(unsure * usual, Math.min(reached, SPREAD_MAX * centre)));
    wanted = Math.min(wanted, refusals.higher());
    return Math.min(most, Math.max(low() + 1, (int) Math.round(wanted)));
  }

  /// Gives the level below the lower one, where that is 2 or more.
  int below() {
    return Math.max(1, Math.min(low() - 1, (int) Math.round(BELOW * low())));
  }
}
