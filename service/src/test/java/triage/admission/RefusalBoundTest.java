package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

final class RefusalBoundTest {
  private static final Offset<Double> EXACT = Offset.offset(1e-9);

  private final RefusalBound bound = new RefusalBound();

  @Test
  void bindsNothingBeforeARefusal() {
    bound.brake(false);

    assertThat(bound.capacity()).isInfinite();
    assertThat(bound.higher()).isInfinite();
  }

  @Test
  void isWhatTheBackendWasWorkingOn() {
    bound.refused(15);
    bound.refused(17);
    bound.brake(true);

    assertThat(bound.capacity()).isEqualTo(16, EXACT);
    assertThat(bound.lower()).isLessThan(16);
    assertThat(bound.higher()).isGreaterThan(16);
    assertThat(bound.grown()).isGreaterThan(bound.higher());
  }

  @Test
  void countsOnlyWhatWasRefusedSinceTheLastBrake() {
    bound.refused(100);
    bound.brake(false);
    bound.refused(16);
    bound.brake(true);

    assertThat(bound.capacity()).isEqualTo(16, EXACT);
  }

  @Test
  void leavesOneAtLeastAndEasesWithTime() {
    bound.refused(0);
    bound.brake(true);
    assertThat(bound.capacity()).isEqualTo(1, EXACT);

    for (int i = 0; i < 40; i++) {
      bound.ease();
    }
    assertThat(bound.capacity()).isGreaterThan(2);
  }
}
