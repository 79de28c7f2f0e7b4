package triage.planted.admission;

/// Breaks a rule: no chance in the core.
public final class DrawsChance {
  /// Gives a number.
  public double draw() {
    return Math.random();
  }
}
