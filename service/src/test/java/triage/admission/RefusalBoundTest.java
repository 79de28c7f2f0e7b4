package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

final class RefusalBoundTest {
  private static final Offset<Double> EXACT = Offset.offset(1e-9);

  private final RefusalBound bound = new RefusalBound();

  @Test
  void bindsNothingBeforeARefusal() {
    assertThat(bound.capacity()).isInfinite();
    assertThat(bound.higher()).isInfinite();
  }

  @Test
  void isWhatTheBackendWasWorkingOn() {
    bound.bind(16);

    assertThat(bound.capacity()).isEqualTo(16, EXACT);
    assertThat(bound.lower()).isLessThan(16);
    assertThat(bound.higher()).isGreaterThan(16);
    assertThat(bound.grown()).isGreaterThan(bound.higher());
  }

  @Test
  void isLiftedToWhatPasses() {
    bound.bind(0);
    assertThat(bound.capacity()).isEqualTo(1, EXACT);

    bound.note(phase(20, 0));
    assertThat(bound.capacity()).isEqualTo(20, EXACT);
    bound.note(phase(40, 2));
    assertThat(bound.capacity()).isEqualTo(20, EXACT);
    bound.note(phase(10, 0));
    assertThat(bound.capacity()).isEqualTo(20, EXACT);
  }

  @Test
  void easesWithTime() {
    bound.bind(10);
    for (int i = 0; i < 40; i++) {
      bound.ease();
    }

    assertThat(bound.capacity()).isGreaterThan(20);
  }

  /// Makes a phase with so many in flight, some of which were refused.
  private static Phase phase(int inFlight, int refused) {
    Phase phase = new Phase();
    phase.begin(inFlight, 0, 0);
    for (int i = 0; i < inFlight; i++) {
      phase.dispatch(inFlight, 0);
      phase.end(0, 100, i < refused ? Ending.REFUSED : Ending.SERVED);
    }
    return phase;
  }
}
