package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;
import triage.admission.Criticality;

class IntakeShareTest {
  private final IntakeShare share = new IntakeShare(20, Set.of());

  @Test
  void givesNobodyMoreThanAQuarter() {
    for (int i = 0; i < 5; i++) {
      assertThat(share.enter("a", Criticality.CRITICAL_PLUS)).isTrue();
    }
    assertThat(share.enter("a", Criticality.CRITICAL_PLUS)).isFalse();
    assertThat(share.enter("b", Criticality.SHEDDABLE)).isTrue();
    share.leave("a");
    assertThat(share.enter("a", Criticality.CRITICAL_PLUS)).isTrue();
    assertThat(share.inside()).isEqualTo(6);
    assertThat(share.admitted()).isEqualTo(7);
  }

  @Test
  void keepsAFifthForTheMostCritical() {
    for (int i = 0; i < 16; i++) {
      assertThat(share.enter("caller-" + i, Criticality.CRITICAL)).isTrue();
    }
    assertThat(share.enter("late", Criticality.CRITICAL)).isFalse();
    for (int i = 0; i < 4; i++) {
      assertThat(share.enter("late", Criticality.CRITICAL_PLUS)).isTrue();
    }
    assertThat(share.enter("later", Criticality.CRITICAL_PLUS)).isFalse();
  }
}
