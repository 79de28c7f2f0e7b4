package triage.analysis;

import java.time.Duration;

/// Whether a lease that has run out shows that its holder is gone. Where the store could not be
/// reached, nobody could renew: after that the others are given a lease's time to come back, or the
/// first to be back would take what all of them still work on.
///
/// **Threads**: confined to one thread.
final class Sight {
  private final long leaseNanos;
  private boolean looked;
  private long lookedNanos;
  private boolean unsure;
  private long unsureUntilNanos;

  Sight(Duration lease) {
    this.leaseNanos = lease.toNanos();
  }

  /// Tells it of a look that begins. A lease is renewed each third of its time, so that none has
  /// run out for want of the store which was there half a lease ago.
  boolean isSure(long nowNanos) {
    if (looked && nowNanos - lookedNanos > leaseNanos / 2) {
      unsure = true;
      unsureUntilNanos = nowNanos + leaseNanos;
    } else if (nowNanos - unsureUntilNanos >= 0) {
      unsure = false;
    }
    return !unsure;
  }

  /// Notes that the store has answered all that a look asks.
  void looked(long nowNanos) {
    looked = true;
    lookedNanos = nowNanos;
  }
}
