package triage.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The carriers are a queue, which runs nothing until the test does.
@Timeout(20)
final class InPlaceThreadsTest {
  private final BlockingQueue<Runnable> carriers = new LinkedBlockingQueue<>();
  private final List<String> done = new ArrayList<>();
  private ThreadFactory threads;

  @BeforeEach
  void open() throws ReflectiveOperationException {
    threads = InPlaceThreads.opened(carriers::add);
  }

  private Thread start(Runnable task) {
    Thread thread = threads.newThread(task);
    thread.start();
    return thread;
  }

  /// Runs on a thread of its own what a thread that selects does.
  private static void selecting(Runnable work) throws Exception {
    Throwable[] failure = new Throwable[1];
    Thread thread =
        Thread.ofPlatform()
            .uncaughtExceptionHandler((_, thrown) -> failure[0] = thrown)
            .start(() -> {
              SelectingThread.looked();
              work.run();
            });
    thread.join();
    assertThat(failure[0]).isNull();
  }

  /// What has begun runs until it waits, and then what has woken it goes on.
  @Test
  void runsInPlaceUntilItWaitsAndAgainOnceItIsWoken() throws Exception {
    selecting(() -> {
      Thread thread =
          start(() -> {
            done.add("begun, " + Thread.currentThread().isVirtual());
            LockSupport.park();
            done.add("woken");
          });
      assertThat(done).containsExactly("begun, true");
      LockSupport.unpark(thread);
      assertThat(done).containsExactly("begun, true", "woken");
      assertThat(thread.getState()).isEqualTo(Thread.State.TERMINATED);
    });
    assertThat(carriers).isEmpty();
  }

  @Test
  void runsOnACarrierWhereNobodySelects() {
    Thread thread = start(() -> done.add("run"));
    assertThat(done).isEmpty();
    assertThat(carriers).hasSize(1);
    carriers.remove().run();
    assertThat(done).containsExactly("run");
    assertThat(thread.getState()).isEqualTo(Thread.State.TERMINATED);
  }

  @Test
  void runsOnCarriersWhatIsMoreThanATurnUntilTheThreadHasLookedAgain() throws Exception {
    selecting(() -> {
      for (int i = 0; i < SelectingThread.IN_PLACE_MAX + 3; i++) {
        start(() -> done.add("run"));
      }
      assertThat(done).hasSize(SelectingThread.IN_PLACE_MAX);
      assertThat(carriers).hasSize(3);
      SelectingThread.looked();
      start(() -> done.add("run"));
      assertThat(done).hasSize(SelectingThread.IN_PLACE_MAX + 1);
    });
  }

  /// No thread runs within another one: what one starts or wakes is not kept waiting by it.
  @Test
  void runsOnACarrierWhatAnotherOneStarts() throws Exception {
    selecting(() -> {
      start(() -> {
        start(() -> done.add("inner"));
        done.add("outer");
      });
      assertThat(done).containsExactly("outer");
      carriers.remove().run();
      assertThat(done).containsExactly("outer", "inner");
      start(() -> done.add("next"));
      assertThat(done).endsWith("next");
    });
  }

  @Test
  void runsOnCarriersOnceItHasLeft() throws Exception {
    selecting(() -> {
      Thread thread =
          start(() -> {
            InPlaceThreads.leave();
            done.add("left");
            LockSupport.park();
            InPlaceThreads.leave();
            done.add("woken");
          });
      assertThat(done).isEmpty();
      carriers.remove().run();
      assertThat(done).containsExactly("left");
      LockSupport.unpark(thread);
      assertThat(done).containsExactly("left");
      carriers.remove().run();
      assertThat(done).containsExactly("left", "woken");
      start(() -> done.add("next"));
      assertThat(done).endsWith("next");
    });
    assertThat(carriers).isEmpty();
  }

  /// Else it would run within itself.
  @Test
  @SuppressWarnings("ThreadPriorityCheck")
  void runsOnACarrierWhatYields() throws Exception {
    selecting(() -> {
      start(() -> {
        Thread.yield();
        done.add("after");
      });
      assertThat(done).isEmpty();
      carriers.remove().run();
      assertThat(done).containsExactly("after");
    });
  }

  @Test
  void aThreadOfAnotherKindHasNothingToLeave() {
    InPlaceThreads.leave();
    assertThat(carriers).isEmpty();
  }

  @Test
  void aTaskThatFailsEndsNoTurn() throws Exception {
    selecting(() -> {
      Thread failing =
          threads.newThread(() -> {
            throw new IllegalStateException("as it happens");
          });
      failing.setUncaughtExceptionHandler((_, thrown) -> done.add(thrown.getMessage()));
      failing.start();
      start(() -> done.add("next"));
      assertThat(done).containsExactly("as it happens", "next");
    });
  }

  /// As the program has them: here the JDK is open.
  @Test
  void goesOnOnTheCarriersOfTheJvm() throws Exception {
    ThreadFactory factory = InPlaceThreads.factory();
    assertThat(factory).isInstanceOf(InPlaceThreads.class);
    BlockingQueue<String> names = new LinkedBlockingQueue<>();
    factory.newThread(() -> names.add(Thread.currentThread().getName())).start();
    factory.newThread(() -> names.add(Thread.currentThread().getName())).start();
    assertThat(List.of(names.poll(10, TimeUnit.SECONDS), names.poll(10, TimeUnit.SECONDS)))
        .containsExactlyInAnyOrder("exchange-0", "exchange-1");
  }
}
