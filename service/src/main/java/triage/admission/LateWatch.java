package triage.admission;

/// Watches what share of a backend's requests ends too late, and says when to brake.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class LateWatch {
  /// The share of late ends that brakes, and the one that brakes hard.
  static final double LATE_MAX = 0.2;

  private static final double LATE_BADLY = 0.5;
  private static final double KEPT = 0.7;
  private static final double KEPT_BADLY = 0.4;
  private static final int LOOK_AFTER = 8;

  private int ended;
  private int late;
  private int refused;
  private long refusedSum;
  private double refusedAt;
  private long brakedNanos = Long.MIN_VALUE;

  /// Notes an end.
  ///
  /// @param inFlight how many others were in flight then
  /// @param dispatchedNanos when it was dispatched: what was dispatched before the brake was put on
  ///     says nothing about the time since
  /// @param level how many may be in flight
  /// @return what share of the limit to keep: 1, or less to brake
  double keptAfter(Ending ending, int inFlight, long dispatchedNanos, int level, long nowNanos) {
    if (dispatchedNanos <= brakedNanos) {
      return 1;
    }
    ended++;
    if (ending.isLate()) {
      late++;
    }
    if (ending == Ending.REFUSED) {
      refused++;
      refusedSum += inFlight;
    }
    if (ended < Math.max(LOOK_AFTER, level)) {
      return 1;
    }
    double share = (double) late / ended;
    refusedAt = refused == 0 || refused < late ? Double.NaN : (double) refusedSum / refused;
    ended = 0;
    late = 0;
    refused = 0;
    refusedSum = 0;
    if (share <= LATE_MAX) {
      return 1;
    }
    brakedNanos = nowNanos;
    return share > LATE_BADLY ? KEPT_BADLY : KEPT;
  }

  /// Gives how many the backend was working on, in the mean, when it refused what the last brake
  /// was put on for; not a number where it was put on for anything else.
  double refusedAt() {
    return refusedAt;
  }
}
