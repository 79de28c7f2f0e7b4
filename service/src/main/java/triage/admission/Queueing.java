package triage.admission;

/// How much of what is in flight at a backend waits there, as pairs of levels show it by times and
/// by throughput, and by what is known of its [Discipline].
///
/// **Units**: requests in flight; nanoseconds; logarithms are natural.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class Queueing {
  /// What counts at least where many of the higher level ended too late.
  private static final double TOO_LONG = 1.5;

  /// How fast the scatter of the work is followed.
  private static final double LEARNT = 0.2;

  /// Beyond this variance of the logarithm a round says too little of how much times are stretched,
  /// and all work is treated as if it were in order.
  private static final double UNEVEN_MOST = 1.6;

  private static final double UNEVENNESS_LEARNT = 0.1;

  /// How far a capacity may be above, and below, what was in flight when it was seen.
  private static final double ABOVE_MOST = 0.2;

  private static final double LEAST = 0.25;

  private final Discipline discipline = new Discipline();
  private double scatter = 0.25;
  private double unevenness = 0.25;

  /// Tells whether all that is in flight shares the backend's speed, as far as is known.
  boolean isShared() {
    return discipline.isShared() && unevenness < UNEVEN_MOST;
  }

  /// Learns from a pair that says nothing impossible.
  void learn(Pair pair, Elasticity seen, FreeTime free) {
    boolean shared = isShared();
    double varied = 0.5 * (pair.lower().logVariation() + pair.higher().logVariation());
    unevenness += UNEVENNESS_LEARNT * (varied - unevenness);
    boolean counted = pair.lower().hasWindow() && pair.higher().hasWindow();
    discipline.learn(pair, counted ? Elasticity.ofThroughput(pair, ownScatter(pair)) : seen);
    if (isShared() != shared) {
      // It is measured in another way from now on.
      scatter = work(pair, free);
    }
  }

  /// Gives the elasticity of a pair: of the times, and of the throughput where both counted it.
  Elasticity elasticity(Pair pair, FreeTime free, long nowNanos) {
    scatter += LEARNT * (work(pair, free) - scatter);
    Elasticity ofTimes =
        isShared()
            ? Elasticity.ofSharedTimes(pair, nowNanos)
            : Elasticity.ofTimes(pair, free, nowNanos);
    if (pair.higher().lateShare() > LateWatch.LATE_MAX) {
      // A time that was cut off at the deadline says that it was too long, not how long it was.
      return new Elasticity(Math.max(ofTimes.value(), TOO_LONG), ofTimes.doubt());
    }
    return pair.lower().hasWindow() && pair.higher().hasWindow()
        ? ofTimes.with(Elasticity.ofThroughput(pair, scatter))
        : ofTimes;
  }

  /// Gives the squared coefficient of variation of the work. Where speed is shared, times are
  /// stretched alike, and vary as the work does; where all wait alike, they vary by as much as the
  /// work, but beside a longer mean.
  private double work(Pair pair, FreeTime free) {
    double mean = free.meanNanos();
    return isShared()
        ? Math.min(pair.lower().scatter(), pair.higher().scatter())
        : Math.min(pair.lower().variance(), pair.higher().variance()) / (mean * mean);
  }

  private static double ownScatter(Pair pair) {
    return 0.5 * (pair.lower().scatter() + pair.higher().scatter());
  }

  /// Gives the capacity by what waits of those in flight.
  ///
  /// @param excess of the time held over that without waiting, as a logarithm
  /// @param perNano how many ended in a nanosecond
  double capacity(Phase phase, double excess, double perNano, FreeTime free) {
    double inFlight = phase.inFlight();
    if (excess <= 0) {
      return inFlight * (1 - Math.max(excess, -ABOVE_MOST));
    }
    double left =
        isShared() ? inFlight * Math.exp(-excess) : inFlight - free.waitedNanos(excess) * perNano;
    return Math.max(LEAST * inFlight, left);
  }

  /// Gives the capacity by how much longer than without waiting permits were held in a round of
  /// growth.
  ///
  /// @param excess the same, as a logarithm
  double capacityFound(Phase phase, double excess, FreeTime free) {
    if (isShared()) {
      return phase.inFlight() * Math.exp(-excess);
    }
    double waited = free.waitedNanos(excess);
    return phase.inFlight() * (1 - waited / (waited + free.meanNanos()));
  }
}
