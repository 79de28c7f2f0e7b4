package triage.gateway;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.concurrent.atomic.AtomicBoolean;
import triage.backend.Attempt;
import triage.backend.Pass;
import triage.backend.Turnstile;
import triage.time.MonotonicClock;

/// The caller's part in an exchange that streams: while more of its body is waited for, or it is to
/// read what has come of the answer, the backend is at rest, and that time says nothing about it.
///
/// **Threads**: safe for use by several threads.
final class CallerWait {
  private final Attempt attempt;
  private final Turnstile turnstile;
  private final Pass pass;
  private final MonotonicClock clock;

  /// For how many things at a time: an answer may come before the body has been sent.
  @GuardedBy("this")
  private int waits;

  @GuardedBy("this")
  private long sinceNanos;

  @GuardedBy("this")
  private long waitedNanos;

  CallerWait(Attempt attempt, Turnstile turnstile, Pass pass, MonotonicClock clock) {
    this.attempt = attempt;
    this.turnstile = turnstile;
    this.pass = pass;
    this.clock = clock;
  }

  /// Notes that the caller is waited for; [#goesOn] ends it.
  void waits() {
    synchronized (this) {
      waits++;
      if (waits == 1) {
        sinceNanos = clock.nanos();
      }
    }
    // In this order: whom the gate admits in its place is to find the trial left.
    attempt.awaitsCaller();
    turnstile.awaitsCaller(pass);
  }

  /// Notes that what it was waited for has come, or will not come.
  void goesOn() {
    synchronized (this) {
      waits--;
      if (waits == 0) {
        waitedNanos += clock.nanos() - sinceNanos;
      }
    }
    turnstile.goesOn(pass);
    attempt.goesOn();
  }

  /// Gives the wait for the caller to read a part of its answer.
  Reading reading() {
    return new Reading();
  }

  synchronized boolean isWaiting() {
    return waits > 0;
  }

  /// Gives how long the caller has been waited for.
  synchronized long waitedNanos() {
    return waits > 0 ? waitedNanos + clock.nanos() - sinceNanos : waitedNanos;
  }

  /// A wait for the caller to read a part of its answer: none where that can be written at once, as
  /// most can. Both may be noted at the same time; the order of what is then told makes no
  /// difference.
  final class Reading {
    private final AtomicBoolean either = new AtomicBoolean();

    /// Notes that the part has been given to be written.
    void given() {
      if (!either.getAndSet(true)) {
        waits();
      }
    }

    /// Notes that it is written.
    void written() {
      if (either.getAndSet(true)) {
        goesOn();
      }
    }
  }
}
