package triage.perf.stress;

import java.time.Duration;
import triage.backend.Pass;
import triage.backend.Turnstile;

/// A visitor beside the actors, who waits in the queue before they begin: jcstress runs no more
/// actors than there are processors, and each of ours needs one to race.
///
/// **Threads**: the visitor has a virtual thread of its own; the rest is for the state's maker and
/// its arbiter.
final class Waiter {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Thread thread;
  private volatile Pass pass;

  /// Sends the visitor, and returns when it stands in the queue.
  ///
  /// @param turnstile one whose permits are all taken
  /// @param visit what it does once it is decided
  Waiter(Turnstile turnstile, Visit visit) {
    int before = turnstile.snapshot().waitingTotal();
    thread =
        Thread.ofVirtual()
            .start(() -> {
              Pass mine = Visits.pass();
              pass = mine;
              turnstile.enter(mine);
              visit.decided(mine);
            });
    while (turnstile.snapshot().waitingTotal() == before) {
      Thread.yield();
    }
  }

  Pass pass() {
    return pass;
  }

  /// Gives whether the visitor came to its end: one that was never woken does not.
  boolean ended() {
    try {
      return thread.join(PATIENCE);
    } catch (InterruptedException gaveUp) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /// What a visitor does once it is decided.
  @FunctionalInterface
  interface Visit {
    void decided(Pass pass);
  }
}
