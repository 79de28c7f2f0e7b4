package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class CallerWatchTest {
  private final AtomicInteger gone = new AtomicInteger();
  private final CallerWatch watch = new CallerWatch(gone::incrementAndGet, null, null);

  @Test
  void runsTheCallbackOnceHoweverOftenTheCallerIsGone() {
    watch.gone();
    watch.gone();

    assertThat(gone).hasValue(1);
    assertThat(watch.close()).isFalse();
    assertThat(watch.close()).isFalse();
  }

  @Test
  void neverRunsTheCallbackOnceClosed() {
    assertThat(watch.close()).isTrue();
    watch.gone();

    assertThat(gone).hasValue(0);
    assertThat(watch.close()).isTrue();
  }

  @Test
  void isEitherClosedOrGoneWhenBothHappenAtOnce() throws Exception {
    int rounds = 20_000;
    CyclicBarrier start = new CyclicBarrier(2);
    int closedTimes = 0;
    try (ExecutorService other = Executors.newSingleThreadExecutor()) {
      for (int i = 0; i < rounds; i++) {
        AtomicInteger runs = new AtomicInteger();
        CallerWatch contested = new CallerWatch(runs::incrementAndGet, null, null);
        Future<?> leaving =
            other.submit(() -> {
              start.await();
              contested.gone();
              return null;
            });
        start.await();
        boolean closed = contested.close();
        leaving.get();
        assertThat(runs).hasValue(closed ? 0 : 1);
        closedTimes += closed ? 1 : 0;
      }
    }
    assertThat(closedTimes).isBetween(0, rounds);
  }
}
