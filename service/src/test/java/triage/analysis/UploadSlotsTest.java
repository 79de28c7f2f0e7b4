package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.api.Test;
import triage.admission.Criticality;
import triage.gateway.RefusedException;

class UploadSlotsTest {
  private static final Criticality PLUS = Criticality.CRITICAL_PLUS;

  private final UploadSlots slots = new UploadSlots();

  @Test
  void leavesRoomForOthersAndHasAnEnd() throws Exception {
    for (int i = 0; i < UploadSlots.PER_CALLER_MAX; i++) {
      slots.take("a", PLUS);
    }
    assertThat(refused("a")).isEqualTo(429);
    for (int i = UploadSlots.PER_CALLER_MAX; i < UploadSlots.MAX; i++) {
      slots.take("b" + i, PLUS);
    }
    assertThat(refused("c")).isEqualTo(503);

    slots.giveBack("a");
    slots.take("c", PLUS);
    assertThat(refused("a")).isEqualTo(503);
    slots.giveBack("c");
    slots.take("a", PLUS);
  }

  @Test
  void keepsAFifthForTheMostCritical() throws Exception {
    for (int i = 0; i < 52; i++) {
      slots.take("b" + i, Criticality.CRITICAL);
    }
    assertThatExceptionOfType(RefusedException.class)
        .isThrownBy(() -> slots.take("c", Criticality.CRITICAL));
    for (int i = 52; i < 64; i++) {
      slots.take("b" + i, PLUS);
    }
    assertThat(refused("c")).isEqualTo(503);
  }

  private int refused(String caller) {
    return catchThrowableOfType(RefusedException.class, () -> slots.take(caller, PLUS))
        .refusal()
        .status();
  }
}
