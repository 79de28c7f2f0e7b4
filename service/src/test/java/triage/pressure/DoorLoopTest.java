package triage.pressure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalDouble;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import triage.admission.DoorClass;
import triage.admission.DoorThreshold;

/// The controller and the threshold in a closed loop around a machine that serves 1000 requests a
/// second: what they admit is what loads it.
final class DoorLoopTest {
  private static final int PER_TICK = 100;
  private static final long TICK = 100_000_000L;
  private static final double TICK_SECONDS = 0.1;

  @ParameterizedTest(name = "{0} times what can be served, {1} callers")
  @CsvSource({"1.2, 1", "1.2, 200", "2, 1", "2, 200", "5, 1", "5, 200", "10, 1", "10, 200"})
  void keepsTheMachineBusyAndItsQueueShort(double load, int callers) {
    ShedController controller = new ShedController();
    DoorThreshold threshold = new DoorThreshold();
    double queue = 0;
    double served = 0;
    double queueSum = 0;
    int ticks = 400;
    long now = 0;
    for (int tick = 0; tick < ticks; tick++) {
      int admitted = 0;
      for (int i = 0; i < load * PER_TICK; i++) {
        int caller = ("caller-" + i % callers).hashCode();
        admitted += threshold.admits(DoorClass.CRITICAL, caller) ? 1 : 0;
      }
      double done = Math.min(PER_TICK, queue + admitted);
      queue = Math.min(queue + admitted - done, 2000);
      double usage = done / PER_TICK / Signal.CPU_USAGE.setPoint();
      double delay = queue / PER_TICK * TICK_SECONDS / Signal.START_DELAY.setPoint();
      now += TICK;
      threshold.regulate(controller.update(Math.max(usage, delay), 1, now), 1, now);
      if (tick >= ticks / 4) {
        served += done;
        queueSum += queue;
      }
    }
    double usage = served / (0.75 * ticks * PER_TICK);
    double queueMean = queueSum / (0.75 * ticks);
    assertThat(usage).isGreaterThan(0.8);
    assertThat(queueMean).isLessThan(100);
  }

  @ParameterizedTest(name = "where {0} of the CPU in use is ours")
  @CsvSource({"0.05, 0.9", "0.2, 0.75"})
  void aNeighbourThatTakesAllProcessorsShedsNoMoreThanCanHelp(double share, double kept) {
    ShedController controller = new ShedController();
    DoorThreshold threshold = new DoorThreshold();
    int admitted = 0;
    int ticks = 400;
    long now = 0;
    for (int tick = 0; tick < ticks; tick++) {
      for (int i = 0; i < PER_TICK; i++) {
        admitted += threshold.admits(DoorClass.CRITICAL, "one".hashCode()) ? 1 : 0;
      }
      now += TICK;
      double reach = Reach.of(OptionalDouble.of(share));
      threshold.regulate(controller.update(1 / Signal.CPU_USAGE.setPoint(), reach, now), 1, now);
    }
    assertThat((double) admitted / ticks / PER_TICK).isBetween(kept, 1 - share / 2);
  }
}
