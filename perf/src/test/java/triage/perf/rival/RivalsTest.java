package triage.perf.rival;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static triage.perf.rival.Saturation.MILLISECOND;
import static triage.perf.rival.Saturation.SECOND;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class RivalsTest {
  private static final List<String> NAMES = Rivals.NAMES;

  @ParameterizedTest(name = "{0}")
  @FieldSource("NAMES")
  void sameSeedSameDecisions(String name) {
    assertThat(decisions(name, 3)).isEqualTo(decisions(name, 3));
  }

  @ParameterizedTest(name = "{0}")
  @FieldSource("NAMES")
  void servesWhatOneServerCanOnceItHasLearnt(String name) {
    Rival rival = Rivals.fresh(name, 1);
    Saturation backend = new Saturation(rival, 1, 10 * MILLISECOND, 100);

    assertThat(backend.until(20 * SECOND).served()).isBetween(1_900L, 2_000L);
  }

  @ParameterizedTest(name = "{0}")
  @FieldSource("NAMES")
  void bearsRequestsThatTakeNoTimeAndLongIdleness(String name) {
    Rival rival = Rivals.fresh(name, 1);
    for (long now : new long[] {0, 1, SECOND, 1_000_000 * SECOND}) {
      assertThat(rival.tryAcquire(0, now)).isTrue();
      assertThat(rival.tryAcquire(3, now)).isTrue();
      rival.release(now, Ending.SUCCESS, now);
      rival.release(now, Ending.FAILED, now + MILLISECOND);
    }
  }

  @Test
  void resilienceAdmitsTwentyFive() {
    Rival rival = Rivals.fresh("resilience4j", 1);
    int admitted = 0;
    while (rival.tryAcquire(0, 0)) {
      admitted++;
    }
    assertThat(admitted).isEqualTo(25);
    assertThat(rival.limit()).isEqualTo(25);
    rival.release(0, Ending.DROPPED, 1);
    assertThat(rival.tryAcquire(0, 1)).isTrue();
    assertThat(rival.tryAcquire(0, 1)).isFalse();
  }

  @Test
  void unknownNameSaysWhichAreKnown() {
    assertThatThrownBy(() -> Rivals.fresh("vegas", 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("vegas (expected: one of [none, gozero,");
  }

  /// Random arrivals, times and endings for a minute; each admission with the limit it met.
  private static List<String> decisions(String name, long seed) {
    SplittableRandom random = new SplittableRandom(99);
    Rival rival = Rivals.fresh(name, seed);
    List<String> seen = new ArrayList<>();
    List<Long> inFlight = new ArrayList<>();
    for (long now = 0; now < 60 * SECOND; now += 2 * MILLISECOND) {
      boolean admitted = rival.tryAcquire(random.nextInt(4), now);
      seen.add(admitted + " " + rival.limit());
      if (admitted) {
        inFlight.add(now);
      }
      while (!inFlight.isEmpty() && random.nextInt(20) < Math.min(inFlight.size(), 10)) {
        long start = inFlight.remove(random.nextInt(inFlight.size()));
        rival.release(start, Ending.values()[random.nextInt(4)], now + 1);
      }
    }
    return seen;
  }
}
