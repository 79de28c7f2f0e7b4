package triage.simulation;

/// Arrivals that know nothing of each other.
///
/// Where none comes within a step, the rate is looked at again. That is exact for a rate that is
/// constant within steps, since an exponential time has no memory.
///
/// **Threads**: confined to its simulation.
final class PoissonMoments implements Arrivals.Moments {
  /// Into how many steps a run is cut for looking at the rate.
  private static final int STEPS = 20_000;

  private static final double SECOND = 1e9;

  private final Arrivals.Rate rate;
  private final Chance chance;
  private final long endNanos;

  PoissonMoments(Arrivals.Rate rate, Chance chance, long endNanos) {
    this.rate = rate;
    this.chance = chance;
    this.endNanos = endNanos;
  }

  @Override
  public long after(long nowNanos) {
    double step = endNanos / SECOND / STEPS;
    double seconds = nowNanos / SECOND;
    while (seconds * SECOND < endNanos) {
      double perSecond = rate.perSecond(seconds);
      double gap = perSecond <= 0 ? Double.MAX_VALUE : chance.exponential() / perSecond;
      if (gap < step) {
        return Math.max(nowNanos + 1, (long) ((seconds + gap) * SECOND));
      }
      seconds += step;
    }
    return Long.MAX_VALUE;
  }
}
