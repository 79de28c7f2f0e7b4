package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import org.junit.jupiter.api.Test;

class HeldJobsTest {
  private static final UUID JOB = new UUID(1, 1);

  private final HeldJobs held = new HeldJobs();

  @Test
  void whoHeldAJobBeforeGivesUpAndTakesNothingAlong() {
    HeldJobs.Hold older = held.hold(JOB, 1);
    HeldJobs.Hold newer = held.hold(JOB, 2);

    assertThat(older.gone()).isDone();
    assertThat(newer.gone()).isNotDone();
    held.letGo(JOB, older);
    assertThat(held.all()).containsEntry(JOB, new HeldJobs.Hold(2, newer.gone()));
    held.letGo(JOB, newer);
    assertThat(held.isEmpty()).isTrue();
  }

  @Test
  void givesUpOneOrAll() {
    HeldJobs.Hold one = held.hold(JOB, 1);
    HeldJobs.Hold two = held.hold(new UUID(2, 2), 1);

    held.giveUp(JOB);
    held.giveUp(new UUID(3, 3));
    assertThat(one.gone()).isDone();
    assertThat(two.gone()).isNotDone();
    held.giveUpAll();
    assertThat(two.gone()).isDone();
    held.letGo(JOB, one);
    assertThat(held.ids()).hasSize(1);
  }
}
