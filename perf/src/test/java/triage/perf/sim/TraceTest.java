package triage.perf.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import triage.simulation.Arrivals.Moments;
import triage.simulation.Chance;

final class TraceTest {
  private static final long END = 100_000_000_000L;
  private static final Chance CHANCE = new Chance(1);

  @Test
  void readsDatesAndGivesEachArrivalItsOwnWork() {
    Trace trace =
        Trace.of(
            List.of(
                "2023-11-16 18:15:46.6805900,1000,10",
                "2023-11-16 18:15:50.9951690,0,50",
                "2023-11-16 18:15:50.9951690,500,0"));
    Moments moments = trace.arrivals().begin(CHANCE, END);

    long first = moments.after(0);
    long second = moments.after(first);
    long third = moments.after(second);
    assertThat(second - first).isEqualTo(4_314_579_000L);
    assertThat(third - second).isEqualTo(1);
    assertThat(work(trace, first)).isCloseTo(.4, within(1e-9));
    assertThat(work(trace, second)).isCloseTo(1, within(1e-9));
    assertThat(work(trace, third)).isCloseTo(.1, within(1e-9));
    assertThat(moments.after(third)).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void readsMillisecondsAndCompresses() {
    Trace trace = Trace.of(List.of("0,1000,10", "3000,0,50")).compressed(10);
    Moments moments = trace.arrivals().begin(CHANCE, END);

    long first = moments.after(0);
    assertThat(moments.after(first) - first).isEqualTo(300_000_000L);
    assertThat(work(trace, moments.after(first))).isCloseTo(1, within(1e-9));
  }

  @Test
  void saysWhatAFileShouldLookLike() {
    assertThatThrownBy(() -> Trace.of(List.of("now,then,never")))
        .isInstanceOf(RuntimeException.class);
    assertThatThrownBy(() -> Trace.read(Path.of("no-such-trace.csv.gz")))
        .hasMessageContaining("no-such-trace.csv.gz");
  }

  private static double work(Trace trace, long atNanos) {
    return trace.work().seconds(CHANCE, atNanos / 1e9);
  }
}
