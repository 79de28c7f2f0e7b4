package triage.admission;

/// How long a permit of a backend is expected to be held, for the choice between backends alone.
///
/// What is given up counts here, too, which has taken at least as long as it was held. That is told
/// of the slow ones only, so that nothing else may go by it: who is refused goes by what was served
/// ([UsualTime]).
///
/// What nothing is heard of for a while counts for less and less, so that a backend that was slow
/// once is tried again.
///
/// **Units**: nanoseconds.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class ExpectedTime {
  private static final double IDLE_HALVES_NANOS = 2e9;
  private static final long IDLE_FROM_NANOS = 1_000_000_000L;

  private final UsualTime known = new UsualTime();

  /// Since when it counts for less.
  private long heardNanos;

  /// Learns from one that was served.
  ///
  /// @param weight of one beside those before it
  void learn(long oneNanos, double weight, long nowNanos) {
    known.learn(oneNanos, weight);
    heard(nowNanos);
  }

  /// Learns from one that was given up before its answer had begun. One that took less than is
  /// expected says nothing; where that counts for less by now, it is again as much as this one.
  void learnAtLeast(long oneNanos, double weight, long nowNanos) {
    if (oneNanos > 0 && known.nanos() > 0) {
      double halvings = Math.log(known.nanos() / oneNanos) / Math.log(2);
      known.learnAtLeast(oneNanos, weight);
      long agoNanos = (long) (Math.max(0, halvings) * IDLE_HALVES_NANOS);
      heardNanos = Math.max(heardNanos, nowNanos - agoNanos);
    }
  }

  /// Notes that the backend has said something, but not how long it takes.
  void heard(long nowNanos) {
    heardNanos = nowNanos;
  }

  /// Gives the time that is expected; 0 while unknown.
  ///
  /// @param idle whether nothing is in flight
  double nanos(boolean idle, long nowNanos) {
    long idleNanos = nowNanos - heardNanos;
    return idle && idleNanos > IDLE_FROM_NANOS
        ? known.nanos() * Math.pow(0.5, idleNanos / IDLE_HALVES_NANOS)
        : known.nanos();
  }
}
