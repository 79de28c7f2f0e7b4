package triage.planted.simulation;

import java.util.SplittableRandom;

/// Breaks a rule: a simulation's chance comes from a seed.
public final class DrawsUnseededChance {
  /// Gives a number.
  public double draw() {
    return new SplittableRandom().nextDouble();
  }
}
