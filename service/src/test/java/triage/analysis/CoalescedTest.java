package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class CoalescedTest {
  private final Queue<Runnable> tasks = new ArrayDeque<>();
  private final AtomicInteger done = new AtomicInteger();

  @Test
  void isDoneOnceHoweverOftenItIsAskedForBeforeItBegins() {
    Coalesced work = new Coalesced(tasks::add, done::incrementAndGet);
    work.ask();
    work.ask();
    work.ask();

    assertThat(tasks).hasSize(1);
    tasks.remove().run();
    assertThat(done).hasValue(1);
    work.ask();
    assertThat(tasks).hasSize(1);
  }

  @Test
  void isDoneAgainForWhoAsksWhileItIsDone() {
    Coalesced[] work = new Coalesced[1];
    work[0] =
        new Coalesced(
            tasks::add,
            () -> {
              if (done.incrementAndGet() == 1) {
                work[0].ask();
              }
            });
    work[0].ask();
    while (!tasks.isEmpty()) {
      tasks.remove().run();
    }

    assertThat(done).hasValue(2);
  }
}
