package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class LevelsTest {
  private final Estimate estimate = new Estimate(1000);
  private final RefusalBound refusals = new RefusalBound();
  private final Levels levels = new Levels(1000, estimate, refusals);

  @Test
  void standAboutTheEstimate() {
    estimate.set(20);

    assertThat(levels.low()).isEqualTo(21);
    assertThat(levels.high(false)).isEqualTo(29);
    assertThat(levels.high(true)).isEqualTo(25);
    assertThat(levels.below()).isEqualTo(17);
  }

  @Test
  void neverAreTheSame() {
    estimate.set(1);

    assertThat(levels.low()).isEqualTo(1);
    assertThat(levels.high(false)).isEqualTo(2);
    assertThat(levels.high(true)).isEqualTo(2);
  }

  @Test
  void areFartherApartInDoubtButNotBeyondWhereGrowthHasBeen() {
    estimate.set(20);
    estimate.doubt(.4);
    assertThat(levels.high(false)).isEqualTo(29);

    levels.reached(40);
    assertThat(levels.high(false)).isEqualTo(40);
    levels.reached(200);
    assertThat(levels.high(false)).isBetween(70, 79);
    estimate.doubt(4);
    assertThat(levels.high(false)).isEqualTo(80);
  }

  @Test
  void areBoundByWhatWasInFlightWhenMoreWasRefused() {
    estimate.set(20);
    refusals.bind(20);

    assertThat(levels.low()).isEqualTo(19);
    assertThat(levels.high(false)).isEqualTo(21);
  }
}
