package triage.gateway;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.concurrent.atomic.AtomicBoolean;
import triage.backend.Attempt;
import triage.backend.Pass;
import triage.backend.Turnstile;
import triage.time.MonotonicClock;

/// The caller's part in an exchange that streams: while more of its body is waited for, or it is to
/// read what has come of the answer, the backend is at rest, and that time says nothing about it.
/// Where that is coming back after an outage, another request has the place of one that waits for
/// long.
///
/// **Threads**: safe for use by several threads.
final class CallerWait {
  /// How long a caller is waited for before another request has its place: longer than the gaps in
  /// what a quick one sends, or all of those that send long bodies would be let in, one after the
  /// other, before any of them has shown that the backend is back.
  private static final long GRACE_NANOS = 250_000_000L;

  private static final long NEVER = Long.MAX_VALUE;

  private final Attempt attempt;
  private final Turnstile turnstile;
  private final Pass pass;
  private final MonotonicClock clock;
  private final Runnable begun;

  /// For how many things at a time: an answer may come before the body has been sent.
  @GuardedBy("this")
  private int waits;

  @GuardedBy("this")
  private long sinceNanos;

  @GuardedBy("this")
  private long waitedNanos;

  /// Whether another request is to have its place if this wait is long.
  @GuardedBy("this")
  private boolean mayLeave;

  /// Whether another request may have its place.
  @GuardedBy("this")
  private boolean left;

  /// Makes one that waits for nothing yet.
  ///
  /// @param begun runs when a wait has begun that [#leavePlace] is to be asked about; must not
  ///     block
  CallerWait(
      Attempt attempt, Turnstile turnstile, Pass pass, MonotonicClock clock, Runnable begun) {
    this.begun = begun;
    this.attempt = attempt;
    this.turnstile = turnstile;
    this.pass = pass;
    this.clock = clock;
  }

  /// Notes that the caller is waited for; [#goesOn] ends it.
  void waits() {
    boolean first;
    synchronized (this) {
      waits++;
      first = waits == 1;
      if (first) {
        sinceNanos = clock.nanos();
        mayLeave = false;
      }
    }
    attempt.awaitsCaller();
    if (first && (pass.ramps() || attempt.isTrial())) {
      synchronized (this) {
        mayLeave = true;
      }
      begun.run();
    }
  }

  /// Lets another request have its place where its caller has been waited for long enough. Gives
  /// in how many nanoseconds it will have been; more than any wait where there is none, or it has
  /// left; 0 where it leaves now: a wake-up may have been lost meanwhile, and whoever is about to
  /// wait must look again whether to.
  long leavePlace(long nowNanos) {
    synchronized (this) {
      if (waits <= 0 || left || !mayLeave) {
        return NEVER;
      }
      long untilNanos = sinceNanos + GRACE_NANOS - nowNanos;
      if (untilNanos > 0) {
        return untilNanos;
      }
      left = true;
    }
    // In this order: whom the gate admits in its place is to find the trial left.
    attempt.leavesTrial();
    turnstile.awaitsCaller(pass);
    return 0;
  }

  /// Notes that what it was waited for has come, or will not come.
  void goesOn() {
    boolean returns = false;
    synchronized (this) {
      waits--;
      if (waits == 0) {
        waitedNanos += clock.nanos() - sinceNanos;
        returns = left;
        left = false;
      }
    }
    if (returns) {
      turnstile.goesOn(pass);
    }
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
