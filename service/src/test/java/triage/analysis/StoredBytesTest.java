package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import triage.admission.Criticality;

class StoredBytesTest {
  private static final Criticality PLUS = Criticality.CRITICAL_PLUS;

  private final StoredBytes stored = new StoredBytes(100, Map.of("S-1", 10L));

  @Test
  void letsNobodyKeepMoreThanAQuarterAndKeepsTheLastFifthForTheMostCritical() {
    for (String caller : new String[] {"a", "b", "c"}) {
      assertThat(take(caller, "S-2", Criticality.CRITICAL, 25)).isEqualTo(StoredBytes.Answer.TAKEN);
      assertThat(take(caller, "S-2", PLUS, 1)).isEqualTo(StoredBytes.Answer.FULL);
    }
    assertThat(take("d", null, Criticality.CRITICAL, 5)).isEqualTo(StoredBytes.Answer.TAKEN);
    assertThat(take("d", null, Criticality.CRITICAL, 1)).isEqualTo(StoredBytes.Answer.FULL);
    assertThat(take("d", null, PLUS, 20)).isEqualTo(StoredBytes.Answer.TAKEN);
  }

  @Test
  void boundsAStudyOverAllItsCallers() {
    assertThat(take("a", "S-1", PLUS, 6)).isEqualTo(StoredBytes.Answer.TAKEN);
    assertThat(take("b", "S-1", PLUS, 5)).isEqualTo(StoredBytes.Answer.STUDY_FULL);
    assertThat(take("b", "S-1", PLUS, 4)).isEqualTo(StoredBytes.Answer.TAKEN);
    assertThat(take("b", "S-2", PLUS, 21)).isEqualTo(StoredBytes.Answer.TAKEN);
  }

  @Test
  void takesNothingForAStudyWhereTheCallerHasNoRoom() {
    assertThat(take("a", "S-2", PLUS, 25)).isEqualTo(StoredBytes.Answer.TAKEN);
    assertThat(take("a", "S-1", PLUS, 10)).isEqualTo(StoredBytes.Answer.FULL);
    assertThat(take("b", "S-1", PLUS, 10)).isEqualTo(StoredBytes.Answer.TAKEN);
  }

  @Test
  void takesBackWhatWasNotKeptAndBelievesTheCount() {
    assertThat(take("a", "S-1", PLUS, 10)).isEqualTo(StoredBytes.Answer.TAKEN);
    stored.giveBack("a", "S-1", 10);
    assertThat(take("b", "S-1", PLUS, 10)).isEqualTo(StoredBytes.Answer.TAKEN);
    stored.counting();
    stored.counted(Map.of("a", 25L), Map.of("S-1", 9L));
    assertThat(take("a", "S-2", PLUS, 1)).isEqualTo(StoredBytes.Answer.FULL);
    assertThat(take("b", "S-1", PLUS, 2)).isEqualTo(StoredBytes.Answer.STUDY_FULL);
    assertThat(take("b", "S-1", PLUS, 1)).isEqualTo(StoredBytes.Answer.TAKEN);
  }

  @Test
  void countsWhatIsReservedOnTopUntilItIsReleased() {
    assertThat(stored.reserve("a", "S-1", PLUS, 6)).isEqualTo(StoredBytes.Answer.TAKEN);
    stored.counted(Map.of("a", 10L), Map.of("S-1", 1L));
    assertThat(take("b", "S-1", PLUS, 4)).isEqualTo(StoredBytes.Answer.STUDY_FULL);
    assertThat(take("a", "S-2", PLUS, 10)).isEqualTo(StoredBytes.Answer.FULL);

    stored.release("a", "S-1", 6);
    assertThat(take("b", "S-1", PLUS, 4)).isEqualTo(StoredBytes.Answer.TAKEN);
    stored.counting();
    stored.counted(Map.of(), Map.of());
    assertThat(take("a", "S-1", PLUS, 10)).isEqualTo(StoredBytes.Answer.TAKEN);
  }

  @Test
  void takesWhatNobodyMayRefuse() {
    stored.add("a", "S-1", 40);
    assertThat(take("a", "S-2", PLUS, 1)).isEqualTo(StoredBytes.Answer.FULL);
    assertThat(take("b", "S-1", PLUS, 1)).isEqualTo(StoredBytes.Answer.STUDY_FULL);
    assertThat(take("b", "S-2", PLUS, 25)).isEqualTo(StoredBytes.Answer.TAKEN);
  }

  @Test
  void countsWhatWasTakenInWhileTheStoreWasCountedOnTop() {
    assertThat(take("a", "S-1", PLUS, 2)).isEqualTo(StoredBytes.Answer.TAKEN);
    stored.counting();
    assertThat(take("a", "S-1", PLUS, 2)).isEqualTo(StoredBytes.Answer.TAKEN);
    assertThat(take("b", "S-1", PLUS, 2)).isEqualTo(StoredBytes.Answer.TAKEN);
    stored.giveBack("b", "S-1", 2);
    assertThat(stored.reserve("a", "S-1", PLUS, 3)).isEqualTo(StoredBytes.Answer.TAKEN);
    stored.add("a", "S-2", 12);
    stored.counted(Map.of("a", 2L), Map.of("S-1", 2L));

    assertThat(take("b", "S-1", PLUS, 4)).as("2, 2 and 3").isEqualTo(StoredBytes.Answer.STUDY_FULL);
    assertThat(take("a", "S-2", PLUS, 7)).as("and 12").isEqualTo(StoredBytes.Answer.FULL);
    assertThat(take("b", "S-1", PLUS, 3)).isEqualTo(StoredBytes.Answer.TAKEN);
    assertThat(take("a", "S-2", PLUS, 6)).isEqualTo(StoredBytes.Answer.TAKEN);
    stored.counting();
    stored.counted(Map.of("a", 2L), Map.of("S-1", 2L));
    assertThat(take("a", "S-2", PLUS, 20)).as("2 and 3").isEqualTo(StoredBytes.Answer.TAKEN);
  }

  private StoredBytes.Answer take(String caller, String study, Criticality criticality, long n) {
    return stored.take(caller, study, criticality, n);
  }
}
