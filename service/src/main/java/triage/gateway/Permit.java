package triage.gateway;

import java.util.concurrent.CompletableFuture;
import triage.admission.Outcome;
import triage.admission.Ticket;
import triage.backend.Pass;
import triage.backend.Turnstile;

/// One exchange's passage through a model's gate: whatever is thrown after it was admitted, its
/// permit is given back exactly once.
///
/// **Threads**: confined to the exchange's; what it is kept for may end on any thread.
final class Permit implements AutoCloseable {
  private final Turnstile turnstile;
  private volatile Pass pass;
  private volatile boolean gone;
  private Outcome outcome = Outcome.ABANDONED;
  private long stalledNanos;
  private boolean over;

  /// Makes the passage; nothing is taken yet.
  Permit(Turnstile turnstile, Pass pass) {
    this.turnstile = turnstile;
    this.pass = pass;
  }

  /// Waits until the request is admitted or refused, and tells which.
  boolean enter() {
    turnstile.enter(pass);
    return pass.state() == Ticket.State.ADMITTED;
  }

  /// Gives the permit back with the outcome that was noted, and waits for one at a backend that the
  /// request has not come to yet; tells whether there was one.
  boolean enterAgain() {
    Pass failed = pass;
    turnstile.leave(failed, outcome, stalledNanos);
    outcome = Outcome.ABANDONED;
    stalledNanos = 0;
    Pass again = new Pass(failed);
    pass = again;
    // One of both sees the other: who goes finds the new pass, or is found gone here.
    if (gone) {
      turnstile.withdraw(again);
    }
    turnstile.enterAgain(again);
    return again.state() == Ticket.State.ADMITTED;
  }

  /// Takes a permit for a request that is in flight, at a backend that it has not come to yet,
  /// without waiting; tells whether there was one.
  boolean enterBeside() {
    turnstile.enterBeside(pass);
    return pass.state() == Ticket.State.ADMITTED;
  }

  /// Leaves the queue because the caller has gone. May come from any thread.
  void callerGone() {
    gone = true;
    turnstile.withdraw(pass);
  }

  Pass pass() {
    return pass;
  }

  /// Notes how the exchange went. Until then it counts as given up.
  ///
  /// @param stalled how many of the nanoseconds the permit was held went into waiting for the
  ///     caller, beside what was [#stalled]
  void ended(Outcome how, long stalled) {
    outcome = how;
    stalledNanos += stalled;
  }

  /// Notes that so many of the nanoseconds the permit is held went into waiting for the caller.
  void stalled(long nanos) {
    stalledNanos += nanos;
  }

  /// Keeps the permit, beyond the exchange, for work that cannot be interrupted.
  ///
  /// @param how it is given back when the work is over
  void keepUntilOver(CompletableFuture<?> work, Outcome how) {
    over = true;
    Pass kept = pass;
    long stalled = stalledNanos;
    kept.keep();
    var _ = work.whenComplete((result, failure) -> turnstile.leave(kept, how, stalled));
  }

  /// Gives the permit back, or the place in the queue, unless it was refused or is kept.
  @Override
  public void close() {
    if (over) {
      return;
    }
    over = true;
    // Does nothing to what is decided. It waits only where waiting itself was broken off.
    if (pass.state() == Ticket.State.WAITING) {
      turnstile.withdraw(pass);
    }
    if (pass.state() == Ticket.State.ADMITTED) {
      turnstile.leave(pass, outcome, stalledNanos);
    }
  }
}
