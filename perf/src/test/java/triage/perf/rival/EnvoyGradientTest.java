package triage.perf.rival;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static triage.perf.rival.Saturation.MILLISECOND;
import static triage.perf.rival.Saturation.SECOND;

import org.junit.jupiter.api.Test;

/// The cases of Envoy's own controller tests, with the constants of its defaults.
class EnvoyGradientTest {
  private final Rival envoy = new EnvoyGradient(5);
  private long now;

  @Test
  void gradientIsHeldBetweenOneHalfAndTwo() {
    assertThat(EnvoyGradient.next(100, 1_000, 1_250)).as("g = 1").isEqualTo(110);
    assertThat(EnvoyGradient.next(100, 1_000, 100)).as("g = 2").isEqualTo(214);
    assertThat(EnvoyGradient.next(100, 1_000, 100_000)).as("g = 0.5").isEqualTo(57);
    assertThat(EnvoyGradient.next(3, 1_000, 100_000)).as("at least 3").isEqualTo(3);
    assertThat(EnvoyGradient.next(900, 1_000, 100)).as("at most 1000").isEqualTo(1_000);
  }

  @Test
  void holdsTheLimitAtThreeUntilFiftyRequestsHaveEnded() {
    for (int i = 0; i < 3; i++) {
      assertThat(envoy.tryAcquire(0, now)).isTrue();
    }
    assertThat(envoy.tryAcquire(0, now)).isFalse();
    now += 13 * MILLISECOND;
    for (int i = 0; i < 3; i++) {
      envoy.release(now - 13 * MILLISECOND, Ending.SUCCESS, now);
    }
    sample(46, 13, Ending.SUCCESS);
    tick();
    assertThat(envoy.limit()).isEqualTo(3);

    sample(1, 13, Ending.SUCCESS);
    sample(1, 13, Ending.SUCCESS);
    tick();
    assertThat(envoy.limit()).as("3 x 1.25 + sqrt").isEqualTo(5);
  }

  @Test
  void growsOnEachUpdateWhileLatencyIsWithinTheBuffer() {
    pastMeasuring(5);
    for (int update = 0; update < 10; update++) {
      double before = envoy.limit();
      sample(5, 6, Ending.SUCCESS);
      tick();
      assertThat(envoy.limit()).isGreaterThan(before);
    }
  }

  @Test
  void shrinksByAtMostHalfAnUpdateWhenLatencyRises() {
    pastMeasuring(5);
    for (int update = 0; update < 10; update++) {
      sample(5, 4, Ending.SUCCESS);
      tick();
    }
    for (int update = 0; update < 5; update++) {
      double before = envoy.limit();
      together(3, 50);
      tick();
      assertThat(envoy.limit()).isLessThan(before).isGreaterThanOrEqualTo((int) (before / 2));
    }
  }

  @Test
  void aWindowWithoutSamplesChangesNothing() {
    pastMeasuring(5);
    for (int update = 0; update < 20; update++) {
      tick();
    }
    sample(5, 5, Ending.IGNORED);
    tick();
    assertThat(envoy.limit()).isEqualTo(3);
  }

  @Test
  void measuresAgainAfterAMinuteAndOnlyFromRequestsThatBeganSince() {
    pastMeasuring(5);
    for (int update = 0; update < 20; update++) {
      sample(5, 5, Ending.SUCCESS);
      tick();
    }
    int limit = (int) envoy.limit();
    long began = now;
    for (int i = 0; i < limit; i++) {
      envoy.tryAcquire(0, began);
    }
    assertThat(limit).isGreaterThan(60);
    now = 59 * SECOND;
    envoy.tryAcquire(0, now);
    assertThat(envoy.limit()).isEqualTo(limit);

    now = 70 * SECOND;
    assertThat(envoy.tryAcquire(0, now)).isFalse();
    assertThat(envoy.limit()).isEqualTo(3);
    for (int i = 0; i < limit; i++) {
      envoy.release(began, Ending.SUCCESS, now);
    }
    assertThat(envoy.limit()).as("those began before").isEqualTo(3);

    now = 71 * SECOND;
    sample(50, 5, Ending.SUCCESS);
    assertThat(envoy.limit()).isEqualTo(limit);
  }

  @Test
  void measuresAgainAfterFiveUpdatesAtTheMinimum() {
    pastMeasuring(5);
    for (int update = 0; update < 5; update++) {
      together(3, 50);
      tick();
      assertThat(envoy.limit()).isEqualTo(3);
    }
    for (int i = 0; i < 16; i++) {
      together(3, 50);
      tick();
      assertThat(envoy.limit()).as("48 of 50 samples").isEqualTo(3);
    }
    together(2, 50);
    together(3, 50);
    tick();
    assertThat(envoy.limit()).as("by the new least latency 50 ms are good").isEqualTo(5);
  }

  @Test
  void histogramInterpolatesWithinTwoSignificantDigits() {
    EnvoyHistogram histogram = new EnvoyHistogram();
    for (int i = 0; i < 50; i++) {
      histogram.add(13_000);
    }
    assertThat(histogram.quantile(0.5)).isCloseTo(13_500, within(1e-6));
    histogram.clear();
    for (int millis = 1; millis <= 5; millis++) {
      histogram.add(millis * 1_000L);
    }
    assertThat(histogram.quantile(0.5)).isBetween(3_000.0, 3_100.0);
    histogram.clear();
    histogram.add(0);
    assertThat(histogram.quantile(0.5)).isZero();
    assertThat(histogram.count()).isEqualTo(1);
  }

  private void pastMeasuring(long millis) {
    sample(50, millis, Ending.SUCCESS);
    assertThat(envoy.limit()).isEqualTo(3);
  }

  private void sample(int count, long millis, Ending ending) {
    for (int i = 0; i < count; i++) {
      assertThat(envoy.tryAcquire(0, now)).isTrue();
      now += millis * MILLISECOND;
      envoy.release(now - millis * MILLISECOND, ending, now);
    }
  }

  private void together(int count, long millis) {
    for (int i = 0; i < count; i++) {
      assertThat(envoy.tryAcquire(0, now)).isTrue();
    }
    now += millis * MILLISECOND;
    for (int i = 0; i < count; i++) {
      envoy.release(now - millis * MILLISECOND, Ending.SUCCESS, now);
    }
  }

  private void tick() {
    now += 101 * MILLISECOND;
    if (envoy.tryAcquire(0, now)) {
      envoy.release(now, Ending.IGNORED, now);
    }
  }
}
