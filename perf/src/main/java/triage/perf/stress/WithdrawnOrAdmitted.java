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

/// One waits; it is taken out of the queue while the permit is given back: exactly one of the two
/// wins, the waiter wakes either way, and the permit is there for the next.
///
/// **Threads**: one round of jcstress; all of it is the turnstile's to guard.
@JCStressTest
@State
@Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "admitted, and left again")
@Outcome(id = "2, 0", expect = Expect.ACCEPTABLE, desc = "withdrawn")
@Outcome(expect = Expect.FORBIDDEN, desc = "both, neither, not woken, or the permit lost")
public class WithdrawnOrAdmitted {
  private final Turnstile turnstile = Visits.narrow();
  private final Pass held = Visits.entered(turnstile);
  private volatile int ending;
  private final Waiter waiter = new Waiter(turnstile, this::decided);

  /// Takes the waiter out of the queue.
  @Actor
  public void withdraws() {
    turnstile.withdraw(waiter.pass());
  }

  /// Gives the permit back.
  @Actor
  public void leaves() {
    Visits.leave(turnstile, held);
  }

  /// Gives how the waiter ended, 1 for admitted and 2 for withdrawn, and what is left behind.
  @Arbiter
  public void count(II_Result result) {
    result.r1 = waiter.ended() ? ending : -1;
    result.r2 = Visits.left(turnstile);
  }

  private void decided(Pass pass) {
    if (pass.state() == Ticket.State.ADMITTED) {
      Visits.leave(turnstile, pass);
      ending = 1;
    } else if (pass.state() == Ticket.State.WITHDRAWN) {
      ending = 2;
    }
  }
}
