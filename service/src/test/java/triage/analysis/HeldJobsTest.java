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
    CompletableFuture<@Nullable Void> older = held.hold(JOB);
    CompletableFuture<@Nullable Void> newer = held.hold(JOB);

    assertThat(older).isDone();
    assertThat(newer).isNotDone();
    held.letGo(JOB, older);
    assertThat(held.ids()).containsExactly(JOB);
    held.letGo(JOB, newer);
    assertThat(held.isEmpty()).isTrue();
  }

  @Test
  void givesUpOneOrAll() {
    CompletableFuture<@Nullable Void> one = held.hold(JOB);
    CompletableFuture<@Nullable Void> two = held.hold(new UUID(2, 2));

    held.giveUp(JOB);
    held.giveUp(new UUID(3, 3));
    assertThat(one).isDone();
    assertThat(two).isNotDone();
    held.giveUpAll();
    assertThat(two).isDone();
    held.letGo(JOB);
    assertThat(held.ids()).hasSize(1);
  }
}
