package triage.perf.live;

import java.util.SplittableRandom;

/// Arrivals of many callers that know nothing of each other, or of how the server fares.
///
/// Absolute and settled by the seed: a generator that was held up sends late, but never fewer. Over
/// the ramp at the beginning the rate grows evenly from nothing, by leaving out arrivals.
///
/// **Threads**: confined to one thread.
final class PoissonArrivals implements Arrivals {
  private final SplittableRandom chance;
  private final double meanGapNanos;
  private final long rampNanos;
  private double at;
  private long next;

  /// @param ratePerSecond above 0
  /// @param rampNanos how long the rate takes to grow to what was asked for; 0 for not at all
  PoissonArrivals(long seed, double ratePerSecond, long rampNanos) {
    if (!(ratePerSecond > 0)) {
      throw new IllegalArgumentException("rate: " + ratePerSecond + " (expected: > 0)");
    }
    this.chance = new SplittableRandom(seed);
    this.meanGapNanos = 1e9 / ratePerSecond;
    this.rampNanos = rampNanos;
    take();
  }

  @Override
  public long nextNanos() {
    return next;
  }

  @Override
  public void take() {
    do {
      // The strict logarithm gives the same schedule on every machine.
      at -= StrictMath.log(1 - chance.nextDouble()) * meanGapNanos;
    } while (at < rampNanos && chance.nextDouble() * rampNanos > at);
    next = (long) at;
  }

  @Override
  public void settled(long nowNanos) {}
}
