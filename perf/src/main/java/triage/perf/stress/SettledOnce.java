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

/// Two give the same permit back: exactly one succeeds, the other is told of its mistake.
///
/// The one that is told must not lose time over it, or the two drift apart and never meet: run it
/// without stack traces.
///
/// **Threads**: one round of jcstress; all of it is the turnstile's to guard.
@JCStressTest
@State
@Outcome(
    id = {"1, 0, 0", "0, 1, 0"},
    expect = Expect.ACCEPTABLE,
    desc = "settled once")
@Outcome(expect = Expect.FORBIDDEN, desc = "settled twice, or not at all")
public class SettledOnce {
  private final Turnstile turnstile = Visits.narrow();
  private final Pass pass = Visits.entered(turnstile);

  /// Settles; gives 1 if that succeeded.
  @Actor
  public void first(III_Result result) {
    result.r1 = settle();
  }

  /// Settles; gives 1 if that succeeded.
  @Actor
  public void second(III_Result result) {
    result.r2 = settle();
  }

  /// Gives what is left behind.
  @Arbiter
  public void count(III_Result result) {
    result.r3 = Visits.left(turnstile);
  }

  private int settle() {
    try {
      Visits.leave(turnstile, pass);
      return 1;
    } catch (IllegalStateException notHeld) {
      return 0;
    }
  }
}
