package triage.perf.rival;

import static org.assertj.core.api.Assertions.assertThat;
import static triage.perf.rival.Saturation.MILLISECOND;

import org.junit.jupiter.api.Test;

/// The rule as Sentinel documents it: threads against rate times least time.
class SentinelSystemRuleTest {
  private final Rival sentinel = new SentinelSystemRule();

  @Test
  void limitIsTwiceTheBetterHalfTimesTheLeastTime() {
    end(10, 40, 100);
    end(50, 20, 600);

    assertThat(sentinel.limit()).as("100 a second x 20 ms").isEqualTo(2);
    end(1, 5, 1_000);
    assertThat(sentinel.limit()).as("of the last second only").isEqualTo(0.5);
  }

  @Test
  void blocksWhoFindsMoreThanOneThreadAndMoreThanTheLimit() {
    end(100, 20, 100);
    assertThat(sentinel.limit()).isEqualTo(4);

    int admitted = 0;
    while (sentinel.tryAcquire(0, 200 * MILLISECOND)) {
      admitted++;
    }
    assertThat(admitted).as("the one that asks is not counted").isEqualTo(5);
  }

  @Test
  void alwaysLetsTwoIn() {
    end(1, 1, 100);
    assertThat(sentinel.limit()).isLessThan(1);

    assertThat(sentinel.tryAcquire(0, 200 * MILLISECOND)).isTrue();
    assertThat(sentinel.tryAcquire(0, 200 * MILLISECOND)).isTrue();
    assertThat(sentinel.tryAcquire(0, 200 * MILLISECOND)).isFalse();
  }

  @Test
  void forgetsWhenNobodyCameForAHalf() {
    end(100, 20, 100);

    assertThat(sentinel.tryAcquire(0, 1_000 * MILLISECOND)).isTrue();
    assertThat(sentinel.limit()).isEqualTo(10);
  }

  @Test
  void aTimeIsAtMostFiveSecondsAndAtLeastAMillisecond() {
    assertThat(sentinel.limit()).as("2 a second x 5000 ms").isEqualTo(10);
    end(1, 0, 100);
    assertThat(sentinel.limit()).isEqualTo(0.002);
  }

  private void end(int count, long millis, long atMillis) {
    for (int i = 0; i < count; i++) {
      long now = atMillis * MILLISECOND;
      assertThat(sentinel.tryAcquire(0, now)).isTrue();
      sentinel.release(now - millis * MILLISECOND, Ending.SUCCESS, now);
    }
  }
}
