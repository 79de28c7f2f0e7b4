package triage.planted.admission;

import java.util.SplittableRandom;

/// Breaks a rule: no chance in the core, not even from a seed.
public final class DrawsSeededChance {
  /// Gives a number.
  public double draw(long seed) {
    return new SplittableRandom(seed).nextDouble();
  }
}
