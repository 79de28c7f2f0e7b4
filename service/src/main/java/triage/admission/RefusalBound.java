package triage.admission;

/// How far a limit may go where a backend refuses what is too much for it: about as many as it was
/// working on when it refused more. What it was working on says that surely, unlike the times,
/// which do not grow at all there.
///
/// The bound is lifted to whatever passes without refusals, and eased a little with each pair of
/// levels, so that a backend that takes more again is found out.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class RefusalBound {
  private static final double LOWER = 0.95;
  private static final double HIGHER = 1.05;
  private static final double GROWN = 1.5;
  private static final double EASED = 1.02;

  /// The share of late and refused ends up to which a level has passed.
  private static final double PASSED = 0.02;

  private double bound = Double.POSITIVE_INFINITY;

  /// Binds the limit to what the backend was working on when it refused more.
  void bind(double inFlight) {
    bound = Math.max(1, inFlight);
  }

  /// Takes a phase that is over into account: what it had in flight has passed, or not.
  void note(Phase phase) {
    if (phase.sampled() > 0 && phase.lateShare() <= PASSED) {
      bound = Math.max(bound, phase.inFlight());
    }
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
