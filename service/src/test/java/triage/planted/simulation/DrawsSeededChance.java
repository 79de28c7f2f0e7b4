package triage.planted.simulation;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/// Breaks no rule.
public final class DrawsSeededChance {
  /// Gives a generator.
  public RandomGenerator generator(long seed) {
    RandomGenerator generator = new SplittableRandom(seed);
    generator.nextDouble();
    return generator;
  }
}
