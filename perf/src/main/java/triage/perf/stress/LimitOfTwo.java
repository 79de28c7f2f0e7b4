package triage.perf.stress;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;
import triage.backend.Pass;
import triage.backend.Turnstile;

/// Two come to a limit of one: never are both inside, and what one did inside the other sees.
///
/// The count of visits is a plain field on purpose: only the turnstile orders its writers.
///
/// **Threads**: one round of jcstress; all but the counts is the turnstile's to guard.
@JCStressTest
@State
@Outcome(id = "1, 1, 2, 0", expect = Expect.ACCEPTABLE, desc = "one after the other")
@Outcome(expect = Expect.FORBIDDEN, desc = "both inside, a visit unseen, or a permit lost")
public class LimitOfTwo {
  private final Turnstile turnstile = Visits.narrow();
  private final AtomicInteger inside = new AtomicInteger();
  private int visits;

  /// Visits once; gives how many were inside.
  @Actor
  public void first(IIII_Result result) {
    result.r1 = visit();
  }

  /// Visits once; gives how many were inside.
  @Actor
  public void second(IIII_Result result) {
    result.r2 = visit();
  }

  /// Gives how many visits were seen, and what is left behind.
  @Arbiter
  public void count(IIII_Result result) {
    result.r3 = visits;
    result.r4 = Visits.left(turnstile);
  }

  private int visit() {
    Pass pass = Visits.entered(turnstile);
    int seen = inside.incrementAndGet();
    visits++;
    inside.decrementAndGet();
    Visits.leave(turnstile, pass);
    return seen;
  }
}
