package triage.perf.rival;

import static org.assertj.core.api.Assertions.assertThat;
import static triage.perf.rival.Saturation.MILLISECOND;

import org.junit.jupiter.api.Test;

/// The cases of go-zero's own shedder tests.
class GozeroShedderTest {
  private static final long BUCKET = 100 * MILLISECOND;

  private final Rival shedder = new GozeroShedder();

  @Test
  void allowsTenBeforeItKnowsAnything() {
    assertThat(shedder.limit()).as("1 pass x 1000 ms x 0.01").isEqualTo(10);
  }

  /// Buckets of 100, 200 to 1000 passes, times of 1-10, 11-20 to 91-100 ms: 900 x 6 x 0.01.
  @Test
  void limitIsMostPassesTimesLeastTimeWithoutTheCurrentBucket() {
    tenBuckets(Ending.SUCCESS);

    assertThat(shedder.limit()).isEqualTo(54);
  }

  @Test
  void errorsPassAndMissedDeadlinesDoNot() {
    tenBuckets(Ending.FAILED);
    assertThat(shedder.limit()).isEqualTo(54);

    Rival other = new GozeroShedder();
    for (int i = 0; i < 1_000; i++) {
      one(other, 10, 0, Ending.DROPPED);
    }
    other.tryAcquire(0, BUCKET);
    assertThat(other.limit()).isEqualTo(10);
  }

  @Test
  void roundsEachTimeUpToAMillisecond() {
    for (int i = 0; i < 1_000; i++) {
      shedder.tryAcquire(0, 0);
      shedder.release(0, Ending.SUCCESS, 50_000);
    }
    shedder.tryAcquire(0, BUCKET);
    assertThat(shedder.limit()).as("1000 passes x 1 ms x 0.01").isEqualTo(10);
  }

  @Test
  void shedsOnlyWhenBothTheAverageAndTheCountAreAboveTheLimit() {
    for (int i = 0; i < 80; i++) {
      assertThat(shedder.tryAcquire(0, 0)).as("the average is still zero").isTrue();
    }
    long now = 1;
    for (int i = 0; i < 20; i++) {
      shedder.release(0, Ending.SUCCESS, now);
    }
    assertThat(shedder.tryAcquire(0, now)).as("60 in flight, average above 10").isFalse();

    for (int i = 0; i < 51; i++) {
      shedder.release(0, Ending.SUCCESS, now);
    }
    assertThat(shedder.tryAcquire(0, now)).as("9 in flight").isTrue();
  }

  @Test
  void forgetsAfterFiveSeconds() {
    tenBuckets(Ending.SUCCESS);

    shedder.tryAcquire(0, 57 * BUCKET);
    assertThat(shedder.limit()).as("the last two: 1000 x 86 x 0.01").isEqualTo(860);
    shedder.tryAcquire(0, 58 * BUCKET);
    assertThat(shedder.limit()).as("the last: 1000 x 96 x 0.01").isEqualTo(960);
    shedder.tryAcquire(0, 59 * BUCKET);
    assertThat(shedder.limit()).isEqualTo(10);
  }

  private void tenBuckets(Ending ending) {
    for (int bucket = 0; bucket < 10; bucket++) {
      for (int i = 0; i < (bucket + 1) * 100; i++) {
        one(shedder, bucket * 10 + i % 10 + 1, bucket * BUCKET, ending);
      }
    }
  }

  private static void one(Rival rival, int millis, long now, Ending ending) {
    assertThat(rival.tryAcquire(0, now)).isTrue();
    rival.release(now - millis * MILLISECOND, ending, now);
  }
}
