package triage.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
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
