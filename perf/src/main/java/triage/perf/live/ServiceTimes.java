package triage.perf.live;

import java.util.SplittableRandom;
import triage.perf.live.Conduct.Fault;

/// How long each request takes, drawn from a seed.
///
/// **Threads**: confined to one thread.
final class ServiceTimes {
  private final SplittableRandom chance;

  ServiceTimes(long seed) {
    chance = new SplittableRandom(seed);
  }

  /// Gives the time of the next request, in nanoseconds.
  long next(Conduct conduct) {
    double mean = conduct.serviceNanos();
    if (conduct.fault() == Fault.SLOW) {
      mean *= conduct.faultShare();
    }
    return (long)
        switch (conduct.spread()) {
          case CONSTANT -> mean;
          case EXPONENTIAL -> -StrictMath.log(1 - chance.nextDouble()) * mean;
          case LOGNORMAL -> lognormal(mean, conduct.variation());
        };
  }

  /// Says whether the next answer is a faulty one.
  boolean isFaulty(Conduct conduct) {
    return switch (conduct.fault()) {
      case NONE, HANG, SLOW -> false;
      case ERROR, REFUSE, RESET, CUT -> chance.nextDouble() < conduct.faultShare();
    };
  }

  private double lognormal(double mean, double variation) {
    double variance = StrictMath.log(1 + variation * variation);
    return mean * StrictMath.exp(StrictMath.sqrt(variance) * chance.nextGaussian() - variance / 2);
  }
}
