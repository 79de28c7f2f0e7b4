package triage.admission;

/// How even a backend's work is: the variance of the logarithm of the time it takes, as seen in
/// phases in which little or nothing waited.
///
/// Even work says in a few samples what takes hundreds where one request in ten is twenty times as
/// long as the others.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class Evenness {
  /// The variance that is expected before anything is seen; it counts as one sample.
  static final double EXPECTED = 0.25;

  /// Below which variance the work is even.
  static final double EVEN = 0.12;

  /// Below which it is so even that it cannot be uneven work that waits: where all wait alike,
  /// times vary by less than the work does.
  private static final double VERY_EVEN = 0.05;

  private static final double MEMORY = 0.9;

  private double squares;
  private double samples;

  /// Learns from a phase; of those before it each counts for nine tenths.
  void learn(Phase phase) {
    squares = MEMORY * squares + phase.squaresOff();
    samples = MEMORY * samples + Math.max(0, phase.sampled() - 1);
  }

  /// Gives the variance.
  double variation() {
    return (squares + EXPECTED) / (samples + 1);
  }

  boolean isEven() {
    return variation() < EVEN;
  }

  /// Tells whether it is even wherever the phases were seen, and not only if nothing waited there.
  boolean isVeryEven() {
    return variation() < VERY_EVEN;
  }
}
