package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import triage.admission.Criticality;
import triage.time.SettableTime;

class DiskRoomTest {
  private final SettableTime time = new SettableTime(Instant.EPOCH);
  private OptionalLong free = OptionalLong.of(100);
  private int looks;
  private final DiskRoom disk = new DiskRoom(this::look, 100, time);

  private OptionalLong look() {
    looks++;
    return free;
  }

  @Test
  void keepsTheLastHalfForTheMostCritical() {
    assertThat(disk.hasRoom(Criticality.SHEDDABLE)).isTrue();
    free = OptionalLong.of(99);
    time.advance(Duration.ofMillis(500));
    assertThat(disk.hasRoom(Criticality.CRITICAL)).isFalse();
    assertThat(disk.hasRoom(Criticality.CRITICAL_PLUS)).isTrue();
    free = OptionalLong.of(49);
    time.advance(Duration.ofMillis(500));
    assertThat(disk.hasRoom(Criticality.CRITICAL_PLUS)).isFalse();
    free = OptionalLong.of(100);
    time.advance(Duration.ofMillis(500));
    assertThat(disk.hasRoom(Criticality.SHEDDABLE)).isTrue();
  }

  @Test
  void countsRoomInTheFilesButForTheLastHalf() {
    disk.reusable(60);
    free = OptionalLong.of(50);
    assertThat(disk.hasRoom(Criticality.SHEDDABLE)).isTrue();
    free = OptionalLong.of(49);
    time.advance(Duration.ofMillis(500));
    assertThat(disk.hasRoom(Criticality.SHEDDABLE)).isFalse();
    assertThat(disk.hasRoom(Criticality.CRITICAL_PLUS)).isFalse();
  }

  @Test
  void looksTwiceASecondAtMostAndTakesSilenceForRoom() {
    free = OptionalLong.empty();
    for (int i = 0; i < 100; i++) {
      assertThat(disk.hasRoom(Criticality.SHEDDABLE)).isTrue();
    }
    assertThat(looks).isOne();
  }
}
