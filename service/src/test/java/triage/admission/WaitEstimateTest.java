package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class WaitEstimateTest {
  private static final long MILLIS = 1_000_000;

  private final Lane fast = new Lane(new LaneSettings(LimitSettings.fixed(30), 1));
  private final Lane slow = new Lane(new LaneSettings(LimitSettings.fixed(10), 1));
  private final WaitEstimate estimate = new WaitEstimate(new Lane[] {fast, slow}, 500);

  @Test
  void knowsNothingBeforeTheFirstAnswer() {
    assertThat(estimate.heldNanos()).isZero();
    assertThat(estimate.placesWithin(MILLIS)).isEqualTo(500);
  }

  @Test
  void weighsTheBackendsByWhatTheyComplete() {
    serve(fast, 10 * MILLIS);
    serve(slow, 100 * MILLIS);

    // 3 and 0.1 in a millisecond.
    assertThat(estimate.heldNanos()).isCloseTo(40 / 3.1 * MILLIS, within(1.0));
    assertThat(estimate.waitNanos(31)).isCloseTo(10.0 * MILLIS, within(1.0));
    assertThat(estimate.placesWithin(10.001 * MILLIS)).isEqualTo(31);
  }

  @Test
  void leavesOutWhoIsNotInRotation() {
    serve(fast, 10 * MILLIS);
    serve(slow, 100 * MILLIS);
    slow.close(Absence.BREAKER_OPEN, 0);

    assertThat(estimate.heldNanos()).isCloseTo(10.0 * MILLIS, within(1.0));
    assertThat(estimate.waitNanos(30)).isCloseTo(10.0 * MILLIS, within(1.0));
  }

  private static void serve(Lane lane, long heldNanos) {
    Ticket ticket = new Ticket("tenant", Criticality.CRITICAL, Ticket.NO_DEADLINE);
    lane.take(ticket, 0);
    lane.giveBack(ticket, Outcome.SERVED, heldNanos, heldNanos);
  }
}
