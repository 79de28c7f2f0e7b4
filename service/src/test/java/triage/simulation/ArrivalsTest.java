package triage.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ArrivalsTest {
  private static final long END = 100_000_000_000L;

  @Test
  void recordedOnesComeAtTheirMomentsAndEndWithTheRun() {
    assertThat(moments(Arrivals.recorded(5, 70, 80, END + 1), 1)).containsExactly(5L, 70L, 80L);
  }

  @Test
  void recordedOnesAtOneMomentComeOneAfterAnother() {
    assertThat(moments(Arrivals.recorded(5, 5, 5, 6, 90), 1)).containsExactly(5L, 6L, 7L, 8L, 90L);
  }

  @Test
  void recordedOnesMustBeInOrder() {
    assertThatThrownBy(() -> Arrivals.recorded(5, 4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("arrival 1: 4 ns");
    assertThatThrownBy(() -> Arrivals.recorded(0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aRateGivesThatManyAndTheSameForTheSameSeed() {
    Arrivals halves = Arrivals.poisson(seconds -> seconds < 50 ? 100 : 0);
    List<Long> first = moments(halves, 3);

    assertThat(first).hasSizeBetween(4_700, 5_300).isSorted().allMatch(at -> at < END / 2 + 1e9);
    assertThat(moments(halves, 3)).isEqualTo(first);
    assertThat(moments(halves, 4)).isNotEqualTo(first);
  }

  private static List<Long> moments(Arrivals arrivals, long seed) {
    Arrivals.Moments moments = arrivals.begin(new Chance(seed), END);
    List<Long> all = new ArrayList<>();
    for (long at = moments.after(0); at < END; at = moments.after(at)) {
      all.add(at);
    }
    return all;
  }
}
