package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

final class FreeTimeTest {
  private static final double MILLIS = 1e6;

  private final FreeTime free = new FreeTime();
  private final Random random = new Random(1);

  @Test
  void turnsARiseOfTheMeanLogarithmBackIntoTheWait() {
    free.remember(phase(200, .5, 0), 0);
    Phase queued = phase(20_000, .5, 80 * MILLIS);

    double waited = free.waitedNanos(free.excess(queued.logHeld(0)));

    assertThat(free.waitedNanos(free.rise(80 * MILLIS))).isCloseTo(80 * MILLIS, within(1000.0));
    assertThat(waited).isCloseTo(80 * MILLIS, within(15 * MILLIS));
  }

  @Test
  void poolsWhatAgreesAndReplacesWhatDoesNot() {
    free.remember(phase(100, .5, 0), 0);
    double before = free.noise();
    free.remember(phase(100, .5, 0), 0);
    assertThat(free.noise()).isLessThan(before);

    Phase slower = phase(100, .5, 900 * MILLIS);
    assertThat(free.isSlower(slower.logHeld(0))).isTrue();
    free.remember(slower, 0);

    assertThat(free.excess(slower.logHeld(0))).isZero();
    assertThat(free.isSlower(slower.logHeld(0))).isFalse();
  }

  @Test
  void isTooHighWhereThoseThatWaitedWereSurelyFaster() {
    Phase waited = phase(100, .5, 0);
    free.remember(phase(100, .5, 30 * MILLIS), 0);
    assertThat(free.isTooHighFor(waited, 0)).isTrue();

    free.remember(waited, 0);
    assertThat(free.isTooHighFor(phase(100, .5, 0), 0)).isFalse();
    assertThat(free.isTooHighFor(phase(100, .5, 30 * MILLIS), 0)).isFalse();
  }

  @Test
  void followsNoFurtherFromItsAnchorThanABound() {
    Phase seen = phase(100, .5, 0);
    free.remember(seen, 0);
    for (int i = 0; i < 100; i++) {
      free.follow(.1);
    }
    assertThat(free.excess(seen.logHeld(0))).isCloseTo(-.15, within(1e-9));
    for (int i = 0; i < 100; i++) {
      free.follow(-.1);
    }
    assertThat(free.excess(seen.logHeld(0))).isCloseTo(.3, within(1e-9));
  }

  private Phase phase(int count, double sigma, double waitedNanos) {
    return PhaseTest.phase(
        count, 10, () -> 100 * MILLIS * Math.exp(sigma * random.nextGaussian()) + waitedNanos);
  }
}
