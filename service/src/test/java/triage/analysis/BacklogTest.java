package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import triage.admission.Criticality;

class BacklogTest {
  private final Backlog backlog = new Backlog(100);

  @Test
  void letsNobodyHoldMoreThanAQuarter() {
    assertThat(backlog.take("a", Criticality.CRITICAL_PLUS, 25)).isTrue();
    assertThat(backlog.take("a", Criticality.CRITICAL_PLUS, 1)).isFalse();
    assertThat(backlog.take("b", Criticality.SHEDDABLE, 25)).isTrue();
  }

  @Test
  void keepsTheLastFifthForTheMostCritical() {
    for (String caller : new String[] {"a", "b", "c"}) {
      assertThat(backlog.take(caller, Criticality.CRITICAL, 25)).isTrue();
    }
    assertThat(backlog.take("d", Criticality.CRITICAL, 5)).isTrue();
    assertThat(backlog.take("d", Criticality.CRITICAL, 1)).isFalse();
    assertThat(backlog.take("d", Criticality.CRITICAL_PLUS, 20)).isTrue();
    assertThat(backlog.take("e", Criticality.CRITICAL_PLUS, 1)).isFalse();
  }

  @Test
  void takesBackWhatWasNotKept() {
    assertThat(backlog.take("a", Criticality.CRITICAL_PLUS, 25)).isTrue();
    backlog.giveBack("a", 25);
    assertThat(backlog.take("a", Criticality.CRITICAL_PLUS, 25)).isTrue();
    // A count came in between, and has none of it.
    backlog.counting();
    backlog.counted(Map.of("b", 25L));
    backlog.giveBack("a", 25);
    for (String caller : new String[] {"a", "c"}) {
      assertThat(backlog.take(caller, Criticality.CRITICAL, 25)).isTrue();
    }
    assertThat(backlog.take("d", Criticality.CRITICAL, 6)).isFalse();
  }

  @Test
  void hasRoomAgainOnceTheStoreSaysSo() {
    assertThat(backlog.take("a", Criticality.CRITICAL, 25)).isTrue();
    backlog.counting();
    backlog.counted(Map.of("b", 10L));

    assertThat(backlog.take("a", Criticality.CRITICAL, 25)).isTrue();
    assertThat(backlog.take("b", Criticality.CRITICAL, 16)).isFalse();
  }

  @Test
  void countsWhatWasTakenInWhileTheStoreWasCountedOnTop() {
    assertThat(backlog.take("a", Criticality.CRITICAL, 10)).isTrue();
    backlog.counting();
    assertThat(backlog.take("a", Criticality.CRITICAL, 10)).isTrue();
    assertThat(backlog.take("a", Criticality.CRITICAL, 5)).isTrue();
    backlog.giveBack("a", 5);
    backlog.counted(Map.of("a", 10L));

    assertThat(backlog.take("a", Criticality.CRITICAL, 6)).isFalse();
    assertThat(backlog.take("a", Criticality.CRITICAL, 5)).isTrue();
    backlog.counting();
    backlog.counted(Map.of("a", 20L));
    assertThat(backlog.take("a", Criticality.CRITICAL, 5)).isTrue();
  }
}
