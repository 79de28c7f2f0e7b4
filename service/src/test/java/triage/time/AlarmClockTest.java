package triage.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class AlarmClockTest {
  private final SettableTime time = new SettableTime(Instant.EPOCH);
  private final AlarmClock clock = new AlarmClock(time);

  @Test
  void wakesWhoHasWaitedForSoLong() throws Exception {
    Thread longer = sleeper(Duration.ofHours(2));
    Thread shorter = sleeper(Duration.ofHours(1));

    time.advance(Duration.ofMinutes(59));
    assertThat(Duration.ofNanos(clock.wakeDue())).isEqualTo(Duration.ofMinutes(1));
    assertThat(clock.sleeping()).isEqualTo(2);

    time.advance(Duration.ofMinutes(1));
    assertThat(Duration.ofNanos(clock.wakeDue())).isEqualTo(Duration.ofHours(1));
    shorter.join();
    assertThat(clock.sleeping()).isEqualTo(1);

    time.advance(Duration.ofHours(1));
    assertThat(Duration.ofNanos(clock.wakeDue())).isGreaterThan(Duration.ofDays(365));
    longer.join();
    assertThat(clock.sleeping()).isZero();
  }

  @Test
  void tellsApartWhoWaitForTheSameTime() throws Exception {
    Thread one = sleeper(Duration.ofHours(1));
    Thread other = sleeper(Duration.ofHours(1));

    time.advance(Duration.ofHours(1));
    clock.wakeDue();
    one.join();
    other.join();
  }

  @Test
  void letsGoWhoIsUnparkedBeforeItsTime() throws Exception {
    Thread sleeper = sleeper(Duration.ofHours(1));

    LockSupport.unpark(sleeper);
    sleeper.join();
    assertThat(clock.sleeping()).isZero();
  }

  @Test
  void doesNotWaitForWhatIsOver() {
    clock.parkNanos(this, 0);
    clock.parkNanos(this, -1);
    assertThat(clock.sleeping()).isZero();
  }

  @Test
  void leavesNobodyAsleepWhenItIsClosed() throws Exception {
    Thread sleeper = sleeper(Duration.ofHours(1));

    clock.close();
    sleeper.join();
    clock.parkNanos(this, 1);
  }

  @Test
  void watchesForATimeThatIsEarlierThanAllOthers() throws Exception {
    try (AlarmClock watched = AlarmClock.system()) {
      Thread sleeper =
          Thread.startVirtualThread(() -> watched.parkNanos(this, Duration.ofHours(1).toNanos()));
      awaitSleeping(watched, 1);
      long began = watched.nanos();
      while (watched.nanos() - began < 1_000_000) {
        watched.parkNanos(this, 1_000_000);
      }
      assertThat(watched.sleeping()).isEqualTo(1);
      LockSupport.unpark(sleeper);
      sleeper.join();
    }
  }

  @Test
  void goesOnAfterALookThatFailed() throws Exception {
    AtomicInteger looks = new AtomicInteger();
    try (AlarmClock watched = AlarmClock.watched(failing(looks, 1))) {
      watched.parkNanos(this, 1_000_000);
      assertThat(looks.get()).isGreaterThan(1);
      assertThat(watched.sleeping()).isZero();
    }
  }

  @Test
  void leavesNobodyAsleepWhenItsThreadEnds() throws Exception {
    CountDownLatch stands = new CountDownLatch(1);
    MonotonicClock broken =
        () -> {
          if (Thread.currentThread().getName().equals("alarm-clock")) {
            awaitUninterruptibly(stands);
            throw new StackOverflowError();
          }
          return System.nanoTime();
        };
    AlarmClock watched = AlarmClock.watched(broken);
    Thread sleeper =
        Thread.startVirtualThread(() -> watched.parkNanos(this, Duration.ofHours(1).toNanos()));
    awaitSleeping(watched, 1);
    stands.countDown();
    sleeper.join();
    watched.parkNanos(this, 1);
  }

  /// Gives a clock that the alarm clock's own thread cannot read so many times.
  private static MonotonicClock failing(AtomicInteger looks, int times) {
    return () -> {
      if (Thread.currentThread().getName().equals("alarm-clock")
          && looks.incrementAndGet() <= times) {
        throw new IllegalStateException("no time");
      }
      return System.nanoTime();
    };
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private Thread sleeper(Duration time) {
    int before = clock.sleeping();
    Thread sleeper = Thread.startVirtualThread(() -> clock.parkNanos(this, time.toNanos()));
    awaitSleeping(clock, before + 1);
    return sleeper;
  }

  private static void awaitSleeping(AlarmClock watched, int count) {
    while (watched.sleeping() < count) {
      Thread.yield();
    }
  }
}
