package triage.simulation;

import java.util.SplittableRandom;

/// Seeded chance.
///
/// **Threads**: confined to its simulation.
public final class Chance {
  private final SplittableRandom random;
  private double spareNormal = Double.NaN;

  /// Makes a sequence that is the same for the same seed.
  public Chance(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /// Gives a number between 0 and 1.
  public double uniform() {
    return random.nextDouble();
  }

  /// Gives an exponentially distributed number with mean 1.
  public double exponential() {
    return -StrictMath.log(1 - random.nextDouble());
  }

  /// Gives a lognormally distributed number with mean 1.
  ///
  /// @param variation the coefficient of variation; 0 gives 1
  public double lognormal(double variation) {
    if (variation == 0) {
      return 1;
    }
    double variance = StrictMath.log(1 + variation * variation);
    return StrictMath.exp(normal() * StrictMath.sqrt(variance) - variance / 2);
  }

  private double normal() {
    if (!Double.isNaN(spareNormal)) {
      double spare = spareNormal;
      spareNormal = Double.NaN;
      return spare;
    }
    double radius = StrictMath.sqrt(2 * exponential());
    double angle = 2 * StrictMath.PI * uniform();
    spareNormal = radius * StrictMath.sin(angle);
    return radius * StrictMath.cos(angle);
  }
}
