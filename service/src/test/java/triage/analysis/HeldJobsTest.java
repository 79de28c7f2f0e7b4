package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class HeldJobsTest {
  private static final UUID JOB = new UUID(1, 1);

  private final HeldJobs held = new HeldJobs();

  @Test
  void whoHeldAJobBeforeGivesUpAndTakesNothingAlong() {
    CompletableFuture<@Nullable Void> older = held.hold(JOB, 1);
    CompletableFuture<@Nullable Void> newer = held.hold(JOB, 2);

    assertThat(older).isDone();
    assertThat(newer).isNotDone();
    held.letGo(JOB, 1, older);
    assertThat(held.all()).containsEntry(JOB, new HeldJobs.Hold(2, newer));
    held.letGo(JOB, 2, newer);
    assertThat(held.isEmpty()).isTrue();
  }

  @Test
  void givesUpOneOrAll() {
    CompletableFuture<@Nullable Void> one = held.hold(JOB, 1);
    CompletableFuture<@Nullable Void> two = held.hold(new UUID(2, 2), 1);

    held.giveUp(JOB);
    held.giveUp(new UUID(3, 3));
    assertThat(one).isDone();
    assertThat(two).isNotDone();
    held.giveUpAll();
    assertThat(two).isDone();
    held.letGo(JOB, 1, one);
    assertThat(held.ids()).hasSize(1);
  }
}
