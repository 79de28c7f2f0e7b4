package triage.perf.stress;

import triage.admission.Criticality;
import triage.admission.GateSnapshot;
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
  private Visits() {}

  /// Makes a turnstile that lets one inside at a time.
  static Turnstile narrow() {
    return Turnstiles.of(8, LimitSettings.fixed(1));
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

  /// Gives how many permits are held and how many passes wait, together.
  static int left(Turnstile turnstile) {
    GateSnapshot seen = turnstile.snapshot();
    return seen.waitingTotal() + seen.lanes().getFirst().inFlight();
  }
}
