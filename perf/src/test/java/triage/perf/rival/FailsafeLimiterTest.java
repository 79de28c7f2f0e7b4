package triage.perf.rival;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static triage.perf.rival.Saturation.MILLISECOND;
import static triage.perf.rival.Saturation.SECOND;

import org.junit.jupiter.api.Test;

/// The cases of failsafe-go's own tests.
class FailsafeLimiterTest {
  private final FailsafeLimiter limiter = new FailsafeLimiter(1);
  private long now;

  @Test
  void growsByOneWhileTheQueueIsShort() {
    baselineOfOneSecond();
    sample(1_000, 5);
    assertThat(limiter.limit()).isEqualTo(21);
    sample(500, 5);
    assertThat(limiter.limit()).isEqualTo(22);
  }

  @Test
  void shrinksByOneWhenTheQueueIsLong() {
    baselineOfOneSecond();
    sample(2_000, 10);
    assertThat(limiter.limit()).isEqualTo(19);
    sample(2_000, 10);
    assertThat(limiter.limit()).isEqualTo(18);
  }

  @Test
  void staysWhenTheQueueIsBetween() {
    baselineOfOneSecond();
    sample(1_300, 10);
    assertThat(limiter.limit()).isEqualTo(20);
    sample(1_300, 10);
    assertThat(limiter.limit()).isEqualTo(20);
  }

  @Test
  void isCappedAtFiveTimesWhatWasInFlight() {
    baselineOfOneSecond();
    for (int i = 0; i < 10; i++) {
      sample(1_000, 5);
    }
    assertThat(limiter.limit()).isEqualTo(25);
    sample(1_000, 2);
    assertThat(limiter.limit()).as("one step at a time").isEqualTo(24);
  }

  @Test
  void smoothsThePercentileByAMedianAndAnAverage() {
    FailsafeWindow window = new FailsafeWindow();
    double smoothed = 0;
    for (long millis : new long[] {100, 300, 200, 200, 250}) {
      window.add(millis * MILLISECOND, 10);
      smoothed = window.smooth();
      window.clear();
    }
    assertThat(smoothed).isEqualTo(200.0 * MILLISECOND);
  }

  @Test
  void takesTheNinetiethPercentile() {
    FailsafeWindow window = new FailsafeWindow();
    for (int i = 100; i >= 1; i--) {
      window.add(i, i);
    }
    assertThat(window.smooth()).isEqualTo(90.5);
    assertThat(window.leastNanos()).isEqualTo(1);
    assertThat(window.inFlightMost()).isEqualTo(100);
  }

  @Test
  void followsTheRulesOfCorrelation() {
    assertThat(FailsafeLimiter.direction(7, 1, false, 1, 1, 0)).as("queue").isEqualTo(-1);
    assertThat(FailsafeLimiter.direction(0, 1, true, -0.1, 1, 0)).isEqualTo(-1);
    assertThat(FailsafeLimiter.direction(0, 1, false, -0.1, 1, 0)).as("not full").isEqualTo(1);
    assertThat(FailsafeLimiter.direction(0, 1, true, 0.2, 1, 0.6)).isEqualTo(-1);
    assertThat(FailsafeLimiter.direction(0, 1, true, 0.4, 1, 0.6)).isEqualTo(1);
    assertThat(FailsafeLimiter.direction(0, 1, true, 0.4, 0.1, 0.6)).isEqualTo(-1);
    assertThat(FailsafeLimiter.direction(0, 1, true, 0.4, 0.1, 0.4)).isEqualTo(1);
    assertThat(FailsafeLimiter.direction(3, 1, false, 1, 1, 0)).as("between").isZero();
    assertThat(FailsafeLimiter.direction(6, 1, false, 1, 1, 0)).as("between").isZero();
  }

  @Test
  void stepIsTheLogarithmAndAtLeastOne() {
    assertThat(FailsafeLimiter.step(1)).isEqualTo(1);
    assertThat(FailsafeLimiter.step(99.9)).isEqualTo(1);
    assertThat(FailsafeLimiter.step(100)).isEqualTo(2);
  }

  @Test
  void averageIsPlainAtFirstAndThenForgets() {
    MovingAverage average = new MovingAverage(3);
    for (int i = 1; i <= 10; i++) {
      assertThat(average.add(i)).isEqualTo((i + 1) / 2.0);
    }
    assertThat(average.add(20)).as("half the old, half the new").isEqualTo(12.75);
  }

  @Test
  void correlationIsThatOfTheTextbookOverTheLastFiftyPairs() {
    Correlation correlation = new Correlation();
    double last = 0;
    for (int i = 1; i <= 200; i++) {
      last = correlation.add(i, 1_000 - 4 * i);
      assertThat(last).isCloseTo(i < 10 ? 0 : -1, within(1e-6));
    }
    for (int i = 0; i < 50; i++) {
      last = correlation.add(100 + i, 7);
    }
    assertThat(last).as("varies by less than 1 %").isZero();
    assertThat(correlation.variationY()).isCloseTo(0, within(1e-6));
  }

  @Test
  void needsFiftySamplesAndASecond() {
    Rival rival = new FailsafeLimiter();
    for (int i = 0; i < 49; i++) {
      one(rival, i * SECOND, Ending.SUCCESS);
    }
    one(rival, 49 * SECOND, Ending.DROPPED);
    assertThat(rival.limit()).isEqualTo(20);
    one(rival, 50 * SECOND, Ending.FAILED);
    assertThat(rival.limit()).as("five times the one in flight, by steps").isEqualTo(19);
  }

  private void baselineOfOneSecond() {
    for (int i = 0; i < 10; i++) {
      limiter.baseline.add(SECOND);
    }
  }

  private void sample(long millis, int inFlight) {
    now += 31 * SECOND;
    limiter.sample(millis * MILLISECOND, inFlight, now);
  }

  private static void one(Rival rival, long at, Ending ending) {
    assertThat(rival.tryAcquire(0, at)).isTrue();
    rival.release(at, ending, at + 10 * MILLISECOND);
  }
}
