package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.api.Test;
import triage.gateway.RefusedException;

class UploadSlotsTest {
  private final UploadSlots slots = new UploadSlots();

  @Test
  void leavesRoomForOthersAndHasAnEnd() throws Exception {
    for (int i = 0; i < UploadSlots.PER_CALLER_MAX; i++) {
      slots.take("a");
    }
    assertThat(refused("a")).isEqualTo(429);
    for (int i = UploadSlots.PER_CALLER_MAX; i < UploadSlots.MAX; i++) {
      slots.take("b" + i);
    }
    assertThat(refused("c")).isEqualTo(503);

    slots.giveBack("a");
    slots.take("c");
    assertThat(refused("a")).isEqualTo(503);
    slots.giveBack("c");
    slots.take("a");
  }

  private int refused(String caller) {
    return catchThrowableOfType(RefusedException.class, () -> slots.take(caller))
        .refusal()
        .status();
  }
}
