package triage.gateway;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import triage.backend.Attempt;
import triage.backend.Pass;
import triage.backend.Turnstile;
import triage.time.MonotonicClock;

/// The caller's part in a body that streams: while more of it is waited for, the backend cannot
/// answer, and that time says nothing about it.
///
/// **Threads**: safe for use by several threads.
final class BodyWait {
  private final Attempt attempt;
  private final Turnstile turnstile;
  private final Pass pass;
  private final MonotonicClock clock;

  @GuardedBy("this")
  private boolean waiting;

  @GuardedBy("this")
  private long sinceNanos;

  @GuardedBy("this")
  private long waitedNanos;

  BodyWait(Attempt attempt, Turnstile turnstile, Pass pass, MonotonicClock clock) {
    this.attempt = attempt;
    this.turnstile = turnstile;
    this.pass = pass;
    this.clock = clock;
  }

  /// Notes that more is waited for.
  void waits() {
    synchronized (this) {
      waiting = true;
      sinceNanos = clock.nanos();
    }
    // In this order: whom the gate admits in its place is to find the trial left.
    attempt.awaitsCaller();
    turnstile.awaitsCaller(pass);
  }

  /// Notes that it has come, or will not come.
  void goesOn() {
    synchronized (this) {
      waitedNanos += clock.nanos() - sinceNanos;
      waiting = false;
    }
    turnstile.goesOn(pass);
    attempt.goesOn();
  }

  synchronized boolean isWaiting() {
    return waiting;
  }

  /// Gives how long the caller has been waited for.
  synchronized long waitedNanos() {
    return waiting ? waitedNanos + clock.nanos() - sinceNanos : waitedNanos;
  }
}
