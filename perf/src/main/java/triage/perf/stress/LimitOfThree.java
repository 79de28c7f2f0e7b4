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

/// One leaves while one waits and one comes, at a limit of one: never are two inside, and nobody is
/// forgotten in the queue.
///
/// **Threads**: one round of jcstress; all but the counts is the turnstile's to guard.
@JCStressTest
@State
@Outcome(id = "1, 1, 1, 0", expect = Expect.ACCEPTABLE, desc = "one after the other")
@Outcome(expect = Expect.FORBIDDEN, desc = "two inside, one forgotten, or a permit lost")
public class LimitOfThree {
  private final Turnstile turnstile = Visits.narrow();
  private final AtomicInteger inside = new AtomicInteger();
  private final Pass held = Visits.entered(turnstile);
  private volatile int seenByWaiter;
  private final Waiter waiter = new Waiter(turnstile, pass -> seenByWaiter = visit(pass));

  /// Leaves, and comes again.
  @Actor
  public void leaves(IIII_Result result) {
    Visits.leave(turnstile, held);
    result.r1 = visit(Visits.entered(turnstile));
  }

  /// Comes.
  @Actor
  public void comes(IIII_Result result) {
    result.r2 = visit(Visits.entered(turnstile));
  }

  /// Gives what the waiter saw, and what is left behind.
  @Arbiter
  public void count(IIII_Result result) {
    result.r3 = waiter.ended() ? seenByWaiter : -1;
    result.r4 = Visits.left(turnstile);
  }

  private int visit(Pass pass) {
    int seen = inside.incrementAndGet();
    inside.decrementAndGet();
    Visits.leave(turnstile, pass);
    return seen;
  }
}
