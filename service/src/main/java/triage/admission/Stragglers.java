package triage.admission;

/// What a backend may still be working on although nobody waits for it any more: a server does not
/// learn, or does not care, that a deadline has passed. A permit is free then; the slot is not.
///
/// A request that was dispatched later and has been served says that the earlier ones are done
/// with, at a backend that begins in order.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class Stragglers {
  private int count;
  private long newestNanos = Long.MIN_VALUE;

  int count() {
    return count;
  }

  /// Notes that a deadline has passed at the backend.
  void left(long dispatchedNanos) {
    count++;
    newestNanos = Math.max(newestNanos, dispatchedNanos);
  }

  /// Notes that a request was served.
  void served(long dispatchedNanos) {
    if (dispatchedNanos > newestNanos) {
      count = 0;
    }
  }
}
