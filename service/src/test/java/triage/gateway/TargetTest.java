package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import triage.admission.Absence;
import triage.admission.GateSnapshot;
import triage.admission.GateSnapshot.LaneSnapshot;
import triage.admission.Mode;

final class TargetTest {
  private static final double SECOND = 1e9;

  @Test
  void worksOffWhatIsAheadAtThePaceOfTheBackendsInRotation() {
    LaneSnapshot fast = lane(4, 2, SECOND, Set.of());
    LaneSnapshot slow = lane(2, 1, 2 * SECOND, Set.of());
    LaneSnapshot away = lane(100, 7, SECOND, Set.of(Absence.DRAINED));

    // Five a second; ahead are 3 in flight, 7 at the gate and 40 elsewhere.
    assertThat(Target.workOffNanos(gate(List.of(4, 3), fast, slow, away), 40))
        .isEqualTo(10_000_000_000L);
  }

  @Test
  void takesTenSecondsBeforeTheFirstAnswer() {
    assertThat(Target.workOffNanos(gate(List.of(), lane(4, 4, 0, Set.of())), 40))
        .isEqualTo(10_000_000_000L);
  }

  @Test
  void takesAMinuteWhereNoBackendIsInRotation() {
    LaneSnapshot away = lane(4, 0, SECOND, Set.of(Absence.BREAKER_OPEN));
    assertThat(Target.workOffNanos(gate(List.of(), away, away), 0)).isEqualTo(60_000_000_000L);
    assertThat(Target.workOffNanos(gate(List.of()), 0)).isEqualTo(60_000_000_000L);
  }

  @Test
  void takesNoMoreThanAMinuteHoweverMuchWaits() {
    assertThat(Target.workOffNanos(gate(List.of(), lane(1, 1, 1e18, Set.of())), Long.MAX_VALUE / 2))
        .isEqualTo(60_000_000_000L);
  }

  private static GateSnapshot gate(List<Integer> waiting, LaneSnapshot... lanes) {
    return new GateSnapshot(Mode.ENFORCE, 0, 0, waiting, List.of(lanes));
  }

  private static LaneSnapshot lane(
      int limit, int inFlight, double heldNanos, Set<Absence> absences) {
    return new LaneSnapshot(
        2 * limit, limit, limit, limit, inFlight, 0, 0, heldNanos, heldNanos, absences);
  }
}
