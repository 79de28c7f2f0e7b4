package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class RiseTest {
  @Test
  void comparesARoundWithTheOneBefore() {
    Rise rise = Rise.between(new Rise.Seen(2, 1, .03), new Rise.Seen(8, 1.5, .01));

    assertThat(rise.step()).isCloseTo(Math.log(4), within(1e-9));
    assertThat(rise.log()).isCloseTo(.5, within(1e-9));
    assertThat(rise.doubt()).isCloseTo(.2, within(1e-9));
    assertThat(rise.sure()).isCloseTo(.3, within(1e-9));
  }

  @Test
  void isFlatWhereTimesSurelyRiseByLessThanHalfOfTheStep() {
    assertThat(new Rise(1, .2, .2).isFlat()).isTrue();
    assertThat(new Rise(1, .4, .2).isFlat()).isFalse();
  }

  @Test
  void aSmallStepShowsNothing() {
    assertThat(new Rise(.2, 0, 0).isFlat()).isFalse();
  }
}
