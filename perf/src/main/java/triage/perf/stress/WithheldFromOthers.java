package triage.perf.stress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;
import triage.backend.Pass;
import triage.backend.Turnstile;

/// The backend refuses one of two while the other leaves and two more come: what is in flight and
/// what is withheld are never above the limit of two, so that only one of those who come is let in
/// until the withheld permit is free, and there is one place for the next then.
///
/// **Threads**: one round of jcstress; all of it is the turnstile's to guard.
@JCStressTest
@State
@Outcome(
    id = {"2, 1, 2, 1", "1, 1, 2, 1"},
    expect = Expect.ACCEPTABLE,
    desc = "one comes in; the other once the permit is free")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "more than the limit, or a permit that is withheld for ever")
public class WithheldFromOthers {
  private final TickingClock clock = new TickingClock();
  private final Turnstile turnstile = Visits.known(2, clock);
  private final Pass refused = Visits.entered(turnstile);
  private final Pass served = Visits.entered(turnstile);

  /// Is refused by the backend; gives how many permits are taken then.
  @Actor
  public void refuses(IIII_Result result) {
    Visits.refuse(turnstile, refused);
    result.r1 = Visits.taken(turnstile);
  }

  /// Leaves, and comes twice without waiting; gives how many were let in.
  @Actor
  public void comes(IIII_Result result) {
    Visits.leave(turnstile, served);
    result.r2 = Visits.letIn(turnstile) + Visits.letIn(turnstile);
  }

  /// Gives what is taken, and how many more are let in when the time is over.
  @Arbiter
  public void count(IIII_Result result) {
    result.r3 = Visits.taken(turnstile);
    clock.advance(Visits.USUAL);
    result.r4 = Visits.letIn(turnstile) + Visits.letIn(turnstile);
  }
}
