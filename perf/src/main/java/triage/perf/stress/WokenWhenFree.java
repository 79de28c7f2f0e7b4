package triage.perf.stress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import triage.backend.Pass;
import triage.backend.Turnstile;

/// The backend refuses two, one so late that its permit is free when somebody looks for the first
/// time: who waits for that one is woken, and who waits for the other, too, though nobody comes by
/// when it is free. A watch that ends over the first must not miss the second.
///
/// **Threads**: one round of jcstress; all of it is the turnstile's to guard.
@JCStressTest
@State
@Outcome(id = "1, 1, 2", expect = Expect.ACCEPTABLE, desc = "both are woken, and inside")
@Outcome(expect = Expect.FORBIDDEN, desc = "one not woken, or the limit not kept")
public class WokenWhenFree {
  private final TickingClock clock = new TickingClock();
  private final Turnstile turnstile = Visits.known(2, clock);
  private final Pass late = Visits.entered(turnstile);
  private final Pass soon = enteredLater();
  private final Waiter first = new Waiter(turnstile, _ -> {});
  private final Waiter second = new Waiter(turnstile, _ -> {});

  /// Begins two ticks before the usual time of the one that is refused late.
  public WokenWhenFree() {
    clock.advance(Visits.USUAL.dividedBy(2).minus(TickingClock.TICK.multipliedBy(2)));
    clock.start();
  }

  private Pass enteredLater() {
    clock.advance(Visits.USUAL.dividedBy(2));
    return Visits.entered(turnstile);
  }

  /// Is refused a tick before the usual time is over.
  @Actor
  public void refusesLate() {
    Visits.refuse(turnstile, late);
  }

  /// Is refused after half of the usual time, and a step later than the other.
  @Actor
  public void refusesSoon() {
    turnstile.hasOther(0);
    Visits.refuse(turnstile, soon);
  }

  /// Lets the time pass; gives who was woken, and what is taken.
  @Arbiter
  public void count(III_Result result) {
    clock.advance(Visits.USUAL);
    result.r1 = first.ended() ? 1 : -1;
    result.r2 = second.ended() ? 1 : -1;
    result.r3 = Visits.taken(turnstile);
  }
}
