package triage.perf.stress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import triage.admission.Ticket;
import triage.backend.Pass;
import triage.backend.Turnstile;

/// One comes while another leaves: it is admitted, at whatever moment before it sleeps the permit
/// comes back. A lost wake-up is a round that never ends.
///
/// **Threads**: one round of jcstress; all of it is the turnstile's to guard.
@JCStressTest
@State
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "admitted at once, and inside")
@Outcome(id = "2, 1", expect = Expect.ACCEPTABLE, desc = "admitted from the queue, and inside")
@Outcome(expect = Expect.FORBIDDEN, desc = "woken without a permit")
public class WokenOnLeave {
  private final Turnstile turnstile = Visits.narrow();
  private final Pass held = Visits.entered(turnstile);

  /// Enters; gives 1 if it was admitted at once, and 2 if it was after a wait.
  @Actor
  public void comes(II_Result result) {
    Pass pass = Visits.entered(turnstile);
    if (pass.state() == Ticket.State.ADMITTED) {
      result.r1 = pass.waitNanos() == 0 ? 1 : 2;
    }
  }

  /// Gives the permit back.
  @Actor
  public void leaves() {
    Visits.leave(turnstile, held);
  }

  /// Gives what is left behind: the permit of the one that came.
  @Arbiter
  public void count(II_Result result) {
    result.r2 = Visits.left(turnstile);
  }
}
