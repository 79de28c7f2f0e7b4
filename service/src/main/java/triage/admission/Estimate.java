package triage.admission;

/// How many requests a backend can work on at once, as it is estimated from phase to phase.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class Estimate {
  /// The variance of the logarithm of the estimate: when it begins, and at least.
  private static final double UNCERTAIN = 0.09;

  private static final double UNCERTAIN_MIN = 0.0025;

  /// How much a pair may move the estimate, as a logarithm.
  private static final double DOWN_MAX = -0.7;

  private static final double UP_MAX = 0.5;

  private final int most;
  private double capacity = 1;
  private double uncertainty = UNCERTAIN;

  Estimate(int most) {
    this.most = most;
  }

  double capacity() {
    return capacity;
  }

  /// Says how uncertain it is, at least as much as when it begins.
  ///
  /// @param variance of the logarithm
  void doubt(double variance) {
    uncertainty = Math.max(UNCERTAIN, variance);
  }

  /// Gives by how many standard deviations' worth it is more uncertain than when it began, as a
  /// logarithm.
  double unusualDoubt() {
    return Math.max(0, Math.sqrt(uncertainty) - Math.sqrt(UNCERTAIN));
  }

  /// Moves towards what a pair has shown, by the certainty of both.
  ///
  /// @param noise the variance of the logarithm of what was seen
  void moveTowards(double seen, double noise) {
    double off = Math.log(seen / capacity);
    double gain = uncertainty / (uncertainty + noise);
    set(capacity * Math.exp(Math.clamp(gain * off, DOWN_MAX, UP_MAX)));
    double left = (1 - gain) * uncertainty + Math.max(UNCERTAIN_MIN, 0.2 * off * off);
    uncertainty = Math.min(Math.max(UNCERTAIN, uncertainty), left);
  }

  /// Goes to a value at once.
  void set(double to) {
    if (Double.isFinite(to)) {
      capacity = Math.clamp(to, 1, most);
    }
  }
}
