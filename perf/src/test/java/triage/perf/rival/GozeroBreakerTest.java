package triage.perf.rival;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static triage.perf.rival.Saturation.MILLISECOND;
import static triage.perf.rival.Saturation.SECOND;

import org.junit.jupiter.api.Test;

/// The cases of go-zero's own breaker tests, with its production constants.
class GozeroBreakerTest {
  private final Rival breaker = new GozeroBreaker(7);

  @Test
  void dropRatioIsThatOfItsFormula() {
    // (100 - 5 - 1.5 x 40) / 101, and with half of the buckets failing a weight of 1.3.
    assertThat(GozeroBreaker.dropRatio(100, 40, 0)).isCloseTo(35.0 / 101, within(1e-12));
    assertThat(GozeroBreaker.dropRatio(100, 40, 20)).isCloseTo(43.0 / 101, within(1e-12));
    assertThat(GozeroBreaker.dropRatio(100, 40, 40)).isCloseTo(51.0 / 101, within(1e-12));
    assertThat(GozeroBreaker.dropRatio(100, 100, 0)).isNegative();
  }

  @Test
  void staysClosedWhileAllSucceed() {
    end(200, Ending.SUCCESS, 0);

    assertThat(refusedOf(100, 0)).isZero();
  }

  @Test
  void protectsTheFirstFew() {
    end(5, Ending.FAILED, 0);

    assertThat(refusedOf(1, 0)).isZero();
  }

  @Test
  void opensOnFailuresAndOnMissedDeadlines() {
    end(10, Ending.SUCCESS, 0);
    end(5_000, Ending.FAILED, 0);
    end(5_000, Ending.DROPPED, 0);

    assertThat(refusedOf(1_000, 0)).isGreaterThan(980);
  }

  @Test
  void countsAClientThatLeftAsAccepted() {
    end(1_000, Ending.IGNORED, 0);

    assertThat(refusedOf(100, 0)).isZero();
  }

  @Test
  void refusesThePartOfTheFormula() {
    end(600, Ending.FAILED, 0);
    end(400, Ending.SUCCESS, 0);
    // Refused requests are counted as well, so that the part grows: ask few and compare roughly.
    assertThat(refusedOf(100, 0)).isCloseTo(40, within(12));
  }

  @Test
  void letsOnePassEachSecond() {
    end(1, Ending.SUCCESS, 0);
    end(1_000_000, Ending.FAILED, 0);
    long lastPass = 0;
    while (!breaker.tryAcquire(0, lastPass)) {
      lastPass += MILLISECOND;
    }

    long forced = lastPass + SECOND + 1;
    assertThat(breaker.tryAcquire(0, forced)).isTrue();
    assertThat(refusedOf(100, forced + 1)).isGreaterThan(95);
    assertThat(breaker.tryAcquire(0, forced + SECOND + 2)).isTrue();
  }

  @Test
  void forgetsAfterTenSeconds() {
    end(10_000, Ending.FAILED, 0);
    assertThat(refusedOf(100, 9_999 * MILLISECOND)).isGreaterThan(90);

    // What was refused in the last bucket of the ten seconds is itself still in the window.
    assertThat(refusedOf(100, 20 * SECOND)).isZero();
  }

  @Test
  void refusesLessWithEachBucketOfSuccessesOnly() {
    // Ratio (130 - 5 - 1.5 x 30) / 131 = 0.61, times 10 / 40.
    int refused = 0;
    for (long seed = 0; seed < 1_000; seed++) {
      GozeroBreaker one = new GozeroBreaker(seed);
      for (int i = 0; i < 100; i++) {
        one.release(0, Ending.FAILED, 0);
      }
      for (int bucket = 1; bucket <= 30; bucket++) {
        one.release(0, Ending.SUCCESS, bucket * 250L * MILLISECOND);
      }
      refused += one.tryAcquire(0, 30 * 250L * MILLISECOND) ? 0 : 1;
    }
    assertThat(refused).isCloseTo(153, within(35));
  }

  private void end(int count, Ending ending, long now) {
    for (int i = 0; i < count; i++) {
      breaker.release(now, ending, now);
    }
  }

  private int refusedOf(int count, long now) {
    int refused = 0;
    for (int i = 0; i < count; i++) {
      refused += breaker.tryAcquire(0, now) ? 0 : 1;
    }
    return refused;
  }
}
