package triage.perf.stress;

import java.time.Duration;
import triage.admission.Criticality;
import triage.admission.GateSnapshot;
import triage.admission.GateSnapshot.LaneSnapshot;
import triage.admission.LimitSettings;
import triage.admission.Outcome;
import triage.admission.Ticket;
import triage.backend.Pass;
import triage.backend.Turnstile;
import triage.backend.Turnstiles;

/// What the actors of all the promises do at a turnstile.
///
/// **Threads**: has no state.
final class Visits {
  /// How long a request takes at a backend that is known.
  static final Duration USUAL = Duration.ofMillis(2);

  private Visits() {}

  /// Makes a turnstile that lets one inside at a time.
  static Turnstile narrow() {
    return Turnstiles.of(8, LimitSettings.fixed(1));
  }

  /// Makes a turnstile that lets some inside at a time, before a backend that has served one in the
  /// usual time.
  static Turnstile known(int limit, TickingClock clock) {
    Turnstile turnstile = Turnstiles.of(8, LimitSettings.fixed(limit), clock);
    Pass pass = entered(turnstile);
    clock.advance(USUAL);
    leave(turnstile, pass);
    return turnstile;
  }

  /// Makes a pass for the calling thread, which waits as long as it takes.
  static Pass pass() {
    return new Pass("tenant", Criticality.CRITICAL, Ticket.NO_DEADLINE);
  }

  static Pass entered(Turnstile turnstile) {
    Pass pass = pass();
    turnstile.enter(pass);
    return pass;
  }

  static void leave(Turnstile turnstile, Pass pass) {
    turnstile.leave(pass, Outcome.SERVED, 0);
  }

  /// Leaves because the backend refuses.
  static void refuse(Turnstile turnstile, Pass pass) {
    turnstile.leave(pass, Outcome.OVERLOADED, 0);
  }

  /// Comes without waiting; gives 1 if that was let in.
  static int letIn(Turnstile turnstile) {
    Pass pass = pass();
    turnstile.enterBeside(pass);
    return pass.state() == Ticket.State.ADMITTED ? 1 : 0;
  }

  /// Gives how many permits are held or withheld, together.
  static int taken(Turnstile turnstile) {
    LaneSnapshot seen = turnstile.snapshot().lanes().getFirst();
    return seen.inFlight() + seen.withheld();
  }

  /// Gives how many permits are held and how many passes wait, together.
  static int left(Turnstile turnstile) {
    GateSnapshot seen = turnstile.snapshot();
    return seen.waitingTotal() + seen.lanes().getFirst().inFlight();
  }
}
