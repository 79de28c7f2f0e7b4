package triage.backend;

import org.jspecify.annotations.Nullable;

/// Whose fault the failures of one backend may be: a caller's own, where what it sends makes the
/// backend fail while the backend answers others.
///
/// A failure counts as the caller's own where the backend has answered another caller within the
/// last second, and has failed none but this one within the last ten. In all other cases, such as
/// where there is one caller only, it is the backend's.
///
/// **Threads**: not safe; guarded by its owner's monitor.
final class CallerFaults {
  private static final long ANSWERED_WITHIN_NANOS = 1_000_000_000L;
  private static final long FAILED_WITHIN_NANOS = 10_000_000_000L;

  private final LastTwo answered = new LastTwo();
  private final LastTwo failed = new LastTwo();

  /// Notes that the backend has answered a caller.
  void answered(String caller, long nowNanos) {
    answered.note(caller, nowNanos);
  }

  /// Notes that the backend has failed a caller, and tells whether this seems to be the caller's
  /// own fault.
  boolean failed(String caller, long nowNanos) {
    failed.note(caller, nowNanos);
    return answered.hasOther(caller, nowNanos - ANSWERED_WITHIN_NANOS)
        && !failed.hasOther(caller, nowNanos - FAILED_WITHIN_NANOS);
  }

  /// The two callers that something happened to last, and when: enough to know of another one than
  /// any given.
  private static final class LastTwo {
    private @Nullable String last;
    private long lastNanos;
    private @Nullable String before;
    private long beforeNanos;

    private void note(String caller, long nowNanos) {
      if (!caller.equals(last)) {
        before = last;
        beforeNanos = lastNanos;
        last = caller;
      }
      lastNanos = nowNanos;
    }

    private boolean hasOther(String caller, long sinceNanos) {
      if (last != null && !last.equals(caller)) {
        return lastNanos - sinceNanos >= 0;
      }
      return before != null && beforeNanos - sinceNanos >= 0;
    }
  }
}
