package triage.perf.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// When requests are meant to be sent.
class ArrivalsTest {
  private static final long SECOND_NANOS = 1_000_000_000;

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 42, -7})
  void theSameSeedGivesTheSameSchedule(long seed) {
    Arrivals one = new PoissonArrivals(seed, 2500, SECOND_NANOS);
    Arrivals same = new PoissonArrivals(seed, 2500, SECOND_NANOS);
    Arrivals other = new PoissonArrivals(seed + 1, 2500, SECOND_NANOS);

    assertThat(take(one, 1000)).isEqualTo(take(same, 1000)).isNotEqualTo(take(other, 1000));
  }

  @Test
  void aScheduleIsTheSameOnEveryMachine() {
    assertThat(take(new PoissonArrivals(1, 1000, 0), 3))
        .containsExactly(836_005, 2_205_567, 5_746_122);
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 42, -7})
  void arrivalsComeAtTheRateAndInNoPattern(long seed) {
    long[] times = take(new PoissonArrivals(seed, 1000, 0), 100_000);

    assertThat(times).isSorted();
    assertThat(times[times.length - 1] / 1e9).isCloseTo(100, within(2.0));
    // Of gaps without memory one in e is longer than the mean.
    int longer = 0;
    for (int i = 1; i < times.length; i++) {
      longer += times[i] - times[i - 1] > 1_000_000 ? 1 : 0;
    }
    assertThat(longer / 1e5).isCloseTo(1 / Math.E, within(0.01));
  }

  @Test
  void aRateGrowsEvenlyOverTheRamp() {
    long[] times = take(new PoissonArrivals(1, 1000, 10 * SECOND_NANOS), 20_000);

    assertThat(between(times, 0, 1) / 50.0).isCloseTo(1, within(0.5));
    assertThat(between(times, 5, 6) / 550.0).isCloseTo(1, within(0.2));
    assertThat(between(times, 0, 10) / 5000.0).isCloseTo(1, within(0.1));
    assertThat(between(times, 10, 20) / 10_000.0).isCloseTo(1, within(0.05));
  }

  @Test
  void callersInAClosedLoopSendWhenTheLastRequestHasEnded() {
    Arrivals arrivals = new ClosedArrivals(2);

    assertThat(arrivals.nextNanos()).isZero();
    arrivals.take();
    assertThat(arrivals.nextNanos()).isZero();
    arrivals.take();
    assertThat(arrivals.nextNanos()).isEqualTo(Arrivals.NONE);
    arrivals.settled(70);
    assertThat(arrivals.nextNanos()).isEqualTo(70);
    arrivals.take();
    assertThat(arrivals.nextNanos()).isEqualTo(Arrivals.NONE);
  }

  @Test
  void classesWithOneSeedDoNotArriveTogether() {
    Traffic one = new Traffic("one", "", 100, 0, 3, 1, 0, 0);
    Traffic two = new Traffic("two", "", 100, 0, 3, 1, 0, 0);

    assertThat(take(one.arrivals(1, 0), 10)).isNotEqualTo(take(two.arrivals(1, 0), 10));
  }

  @Test
  void aClassHasEitherARateOrCallers() {
    assertThatIllegalArgumentException().isThrownBy(() -> new Traffic("a", "", 0, 0, 3, 1, 0, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new Traffic("a", "", 1, 1, 3, 1, 0, 0));
  }

  private static long[] take(Arrivals arrivals, int count) {
    long[] times = new long[count];
    for (int i = 0; i < count; i++) {
      times[i] = arrivals.nextNanos();
      arrivals.take();
    }
    return times;
  }

  private static long between(long[] times, int fromSecond, int toSecond) {
    long count = 0;
    for (long time : times) {
      count += time >= fromSecond * SECOND_NANOS && time < toSecond * SECOND_NANOS ? 1 : 0;
    }
    return count;
  }
}
