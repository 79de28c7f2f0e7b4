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

  /// The higher level where it is to be close to the lower one, and from how many slots on.
  private static final double HIGH_AND_CLOSE = 1.25;

  private static final double CLOSE_FROM = 3;

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
  /// @param close whether it is to be close to the lower one: because the work is so even that
  ///     little shows much, or because what is too much slows down all
  int high(boolean close) {
    double centre = estimate.capacity();
    double unsure = Math.exp(SPREAD * estimate.unusualDoubt());
    double usual =
        close && centre >= CLOSE_FROM
            ? HIGH_AND_CLOSE * centre
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
