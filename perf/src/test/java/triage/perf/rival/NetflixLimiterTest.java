package triage.perf.rival;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static triage.perf.rival.Saturation.MILLISECOND;
import static triage.perf.rival.Saturation.SECOND;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The library's own unit tests for Vegas and AIMD, from their defaults; and the creep of Gradient2
/// that follows from its formula.
class NetflixLimiterTest {
  @Test
  void vegasGrowsBySixWithoutAQueue() {
    Rival vegas = vegasWithBaselineOfTen(1);

    next(vegas, 10, Ending.SUCCESS);

    assertThat(vegas.limit()).isEqualTo(26);
  }

  @Test
  void vegasShrinksByOneWhenTheQueueIsLong() {
    Rival vegas = vegasWithBaselineOfTen(1);

    next(vegas, 50, Ending.SUCCESS);

    assertThat(vegas.limit()).isEqualTo(19);
  }

  @Test
  void vegasStaysBetweenItsThresholds() {
    Rival vegas = vegasWithBaselineOfTen(1);

    next(vegas, 14, Ending.SUCCESS);

    assertThat(vegas.limit()).isEqualTo(20);
  }

  @Test
  void vegasShrinksByOneOnADropAndLearnsNothingFromOtherEndings() {
    Rival vegas = vegasWithBaselineOfTen(1);

    next(vegas, 10, Ending.DROPPED);
    assertThat(vegas.limit()).isEqualTo(19);

    next(vegas, 10, Ending.FAILED);
    next(vegas, 10, Ending.IGNORED);
    assertThat(vegas.limit()).isEqualTo(19);
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4})
  void vegasTakesANewBaselineAfterFifteenToThirtyTimesItsLimit(long seed) {
    int samples = samplesUntilNewBaseline(seed);

    assertThat(samples).isBetween(300, 602);
    assertThat(samplesUntilNewBaseline(seed)).as("by chance from the seed").isEqualTo(samples);
    assertThat(samplesUntilNewBaseline(seed + 100)).isNotEqualTo(samples);
  }

  @Test
  void aimdGrowsByOneAndFallsByATenth() {
    Rival aimd = NetflixLimiter.aimd();
    fill(aimd, 0, 15);
    for (int limit = 21; limit <= 30; limit++) {
      next(aimd, 1, Ending.SUCCESS);
      assertThat(aimd.limit()).isEqualTo(limit);
    }

    next(aimd, 1, Ending.DROPPED);
    assertThat(aimd.limit()).isEqualTo(27);

    next(aimd, 5_001, Ending.SUCCESS);
    assertThat(aimd.limit()).as("slower than its timeout of 5 s").isEqualTo(24);
  }

  /// Overload-control section 0 item 5: 20 servers, saturated.
  @Test
  void gradientCreepsUpWhileItsBaselineChasesTheOverload() {
    Rival gradient = NetflixLimiter.gradient2();
    Saturation backend = new Saturation(gradient, 20, 50 * MILLISECOND, 1_000);

    assertThat(backend.until(60 * SECOND).inFlight()).isCloseTo(42, within(4));
    backend.until(300 * SECOND);
    assertThat(gradient.limit()).isCloseTo(66, within(6.0));
    backend.until(600 * SECOND);
    assertThat(gradient.limit()).isCloseTo(113, within(11.0));
    backend.until(1_200 * SECOND);
    assertThat(gradient.limit()).isCloseTo(200, within(5.0));
  }

  @Test
  void gradientNeedsTenSamplesInAWindow() {
    Rival gradient = NetflixLimiter.gradient2();
    for (int second = 0; second < 100; second++) {
      fill(gradient, second * SECOND, 9);
      for (int i = 0; i < 9; i++) {
        gradient.release(second * SECOND, Ending.SUCCESS, second * SECOND + 10 * MILLISECOND);
      }
    }
    assertThat(gradient.limit()).isEqualTo(20);
  }

  /// Ten requests stay in flight, so that each further one is the eleventh.
  private static Rival vegasWithBaselineOfTen(long seed) {
    Rival vegas = NetflixLimiter.vegas(seed);
    fill(vegas, 0, 10);
    next(vegas, 10, Ending.SUCCESS);
    assertThat(vegas.limit()).as("the first sample is the baseline").isEqualTo(20);
    return vegas;
  }

  /// At 14 ms over 10 the limit stays; once 14 ms is the baseline it grows.
  private static int samplesUntilNewBaseline(long seed) {
    Rival vegas = vegasWithBaselineOfTen(seed);
    int samples = 0;
    while (vegas.limit() == 20) {
      next(vegas, 14, Ending.SUCCESS);
      samples++;
    }
    assertThat(vegas.limit()).isEqualTo(26);
    return samples;
  }

  private static void next(Rival rival, long millis, Ending ending) {
    fill(rival, SECOND, 1);
    rival.release(SECOND, ending, SECOND + millis * MILLISECOND);
  }

  private static void fill(Rival rival, long now, int count) {
    for (int i = 0; i < count; i++) {
      assertThat(rival.tryAcquire(0, now)).isTrue();
    }
  }
}
