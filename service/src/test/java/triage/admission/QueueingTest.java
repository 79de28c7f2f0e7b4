package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class QueueingTest {
  /// Four of five requests take a tenth of a second, the fifth takes six.
  private static final double SHORT = 100e6;

  private static final double LONG = 6 * SHORT;
  private static final double MEAN = 2 * SHORT;
  private static final double PER_NANO = 32 / MEAN;
  private static final int SAMPLES = 4000;
  private static final int SERVED = 400_000;

  private final Queueing queueing = new Queueing();
  private final FreeTime free = new FreeTime();

  QueueingTest() {
    free.remember(phase(32, 1, 0, 0), 0);
  }

  /// Half as many again as there are slots, so that a third waits: for half of the mean time.
  @Test
  void whatWaitsIsNoPartOfTheCapacity() {
    Phase phase = phase(48, 1, MEAN / 2, 0);

    assertThat(queueing.capacity(phase, excess(phase), PER_NANO, free)).isCloseTo(32, within(2.));
    assertThat(queueing.capacityFound(phase, excess(phase), free)).isCloseTo(32, within(2.));
  }

  @Test
  void whereNothingWaitsThereMayBeRoomForMore() {
    Phase phase = phase(32, .9, 0, 0);

    assertThat(queueing.capacity(phase, excess(phase), PER_NANO, free)).isBetween(32., 38.4);
  }

  @Test
  void whereSpeedIsSharedTimesAreStretchedByWhatIsTooMuch() {
    learnThatSpeedIsShared();
    Phase phase = phase(48, 1.5, 0, 0);

    assertThat(queueing.isShared()).isTrue();
    assertThat(queueing.capacity(phase, excess(phase), PER_NANO, free)).isCloseTo(32, within(2.));
    assertThat(queueing.capacityFound(phase, excess(phase), free)).isCloseTo(32, within(2.));
  }

  /// Beyond its best level a server that thrashes gets slower than the level gets higher.
  @Test
  void seesHowMuchMoreIsLostThanWasAddedWhereSpeedIsShared() {
    Pair thrashing = pair(1.5, 0, 0);
    assertThat(queueing.elasticity(thrashing, free, 0).value()).isLessThan(1);

    learnThatSpeedIsShared();
    double expected = Math.log(1.5) / Math.log(44 / 32.);
    assertThat(queueing.elasticity(thrashing, free, 0).value()).isCloseTo(expected, within(.1));
  }

  /// Beside the mean without waiting, times that are stretched by five vary by 25 times as much.
  @Test
  void howMuchTheWorkVariesIsSeenAnewWhereSpeedIsShared() {
    Pair stretched = new Pair(withWindow(phase(32, 5, 0, 8)), withWindow(phase(44, 7, 0, 11)), 1);
    for (int i = 0; i < 20; i++) {
      queueing.elasticity(stretched, free, 0);
    }
    double before = queueing.elasticity(stretched, free, 0).doubt();

    learnThatSpeedIsShared();
    assertThat(queueing.elasticity(stretched, free, 0).doubt()).isLessThan(.35 * before);
  }

  @Test
  void whatWasCutOffCountsForTooLongAtLeast() {
    Pair late = new Pair(phase(32, 1, 0, 0), latePhase(44), PER_NANO);

    assertThat(queueing.elasticity(late, free, 0).value()).isEqualTo(1.5);
  }

  private void learnThatSpeedIsShared() {
    for (int i = 0; i < 10; i++) {
      queueing.learn(pair(1.4, 8, 11), new Elasticity(1, .2), free);
    }
  }

  private Pair pair(double stretch, int overtakenBelow, int overtakenAbove) {
    return new Pair(
        phase(32, 1, 0, overtakenBelow), phase(44, stretch, 0, overtakenAbove), PER_NANO / stretch);
  }

  private double excess(Phase phase) {
    return free.excess(phase.logHeld(0));
  }

  private Phase phase(int inFlight, double stretch, double waits, int overtaken) {
    int[] next = {0};
    Phase phase =
        PhaseTest.phase(
            SAMPLES, inFlight, () -> stretch * (next[0]++ % 5 == 4 ? LONG : SHORT) + waits);
    for (int i = 0; i < SAMPLES; i++) {
      phase.overtook(overtaken, inFlight - 1);
    }
    return phase;
  }

  /// So many were served that the throughput says as much as the times.
  private static Phase withWindow(Phase phase) {
    phase.openWindow(0, 0);
    phase.closeWindow(SERVED, (long) SHORT);
    return phase;
  }

  private static Phase latePhase(int inFlight) {
    Phase phase = new Phase();
    phase.begin(inFlight, 0, 0);
    for (int i = 0; i < 100; i++) {
      phase.dispatch(inFlight, 0);
      phase.end(0, (long) SHORT, Ending.LATE);
    }
    return phase;
  }
}
