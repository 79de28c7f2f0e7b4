package triage.admission;

/// How far a limit may go where a backend refuses what is too much for it: about as many as it was
/// working on when it refused more. What it was working on says that surely, unlike the times,
/// which do not grow at all there.
///
/// The bound is eased a little with each pair of levels, so that a backend that takes more again is
/// found out.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class RefusalBound {
  private static final double LOWER = 0.95;
  private static final double HIGHER = 1.05;
  private static final double GROWN = 1.25;
  private static final double EASED = 1.02;

  private double bound = Double.POSITIVE_INFINITY;
  private double sum;
  private int count;

  /// Notes a refusal.
  ///
  /// @param inFlight how many the backend was working on
  void refused(int inFlight) {
    sum += inFlight;
    count++;
  }

  /// Takes what was noted since the last call into account.
  ///
  /// @param binding whether the refusals are what the limit is braked for
  void brake(boolean binding) {
    if (binding) {
      bound = Math.max(1, sum / count);
    }
    sum = 0;
    count = 0;
  }

  /// Lets a little more through.
  void ease() {
    bound *= EASED;
  }

  /// Gives the most that the capacity can be.
  double capacity() {
    return bound;
  }

  /// Gives the most for the lower level of a pair.
  double lower() {
    return LOWER * bound;
  }

  /// Gives the most for the higher level of a pair.
  double higher() {
    return HIGHER * bound;
  }

  /// Gives the most for a level of growth.
  double grown() {
    return GROWN * bound;
  }
}
