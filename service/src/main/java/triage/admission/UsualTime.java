package triage.admission;

/// What something usually takes, and by how much that differs.
///
/// **Units**: nanoseconds.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class UsualTime {
  private static final double DIFFERS_AT_FIRST = 0.5;

  private double nanos;
  private double deviationNanos;

  /// Learns from one.
  ///
  /// @param weight of one beside those before it
  void learn(long oneNanos, double weight) {
    if (nanos == 0) {
      nanos = oneNanos;
      deviationNanos = DIFFERS_AT_FIRST * oneNanos;
    } else {
      double off = oneNanos - nanos;
      deviationNanos += weight * (Math.abs(off) - deviationNanos);
      nanos += weight * off;
    }
  }

  /// Learns from one that was cut off or given up: it would have taken longer still, which says
  /// something only where it took longer than usual already.
  void learnAtLeast(long oneNanos, double weight) {
    if (nanos > 0 && oneNanos > nanos) {
      learn(oneNanos, weight);
    }
  }

  /// Gives the usual time; 0 while unknown.
  double nanos() {
    return nanos;
  }

  double deviationNanos() {
    return deviationNanos;
  }
}
