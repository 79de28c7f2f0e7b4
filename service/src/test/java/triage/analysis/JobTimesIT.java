package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import triage.admission.Criticality;
import triage.store.Store;
import triage.store.StoreFixture;

/// The store's clock says when a job begins and ends, in a real store: what is written has the very
/// microsecond at which the store began the transaction, which no other clock can know.
class JobTimesIT {
  private static final byte[] BYTES = "{}".getBytes(StandardCharsets.UTF_8);
  private static final Ending DONE = new Ending(JobState.DONE, 200, null, null, "m-0", BYTES);

  @Test
  void areThoseOfTheStoresClock() {
    StoreFixture fixture = StoreFixture.prepared();
    try (Store store = fixture.open()) {
      UUID atOnce = new UUID(0, 1);
      UUID later = new UUID(0, 2);
      store
          .jdbi()
          .useTransaction(handle ->
              new NewJobDao()
                  .insert(
                      handle,
                      List.of(
                          job(atOnce, JobState.DONE, DONE), job(later, JobState.WAITING, null))));
      store
          .jdbi()
          .useTransaction(handle -> {
            UUID other = new UUID(0, 3);
            new NewJobDao().insert(handle, List.of(job(other, JobState.DONE, DONE)));
            assertThat(isNow(handle, "created_at", other)).isTrue();
            assertThat(isNow(handle, "finished_at", other)).isTrue();

            new SettlementDao(new JobCounts())
                .insert(handle, List.of(new Settlement.Ended(later, 0, DONE, 0)));
            assertThat(isNow(handle, "finished_at", later)).isTrue();
            assertThat(isNow(handle, "created_at", later)).isFalse();
            assertThat(isNow(handle, "finished_at", atOnce)).isFalse();
          });
    } finally {
      fixture.close();
    }
  }

  private static boolean isNow(Handle handle, String column, UUID id) {
    return handle
        .createQuery("SELECT " + column + " = now() FROM jobs WHERE id = :id")
        .bind("id", id)
        .mapTo(Boolean.class)
        .one();
  }

  private static NewJob job(UUID id, JobState state, @Nullable Ending ending) {
    return new NewJob(
        id,
        "tester",
        new Submission("m", "1", "S-1", null, null, BYTES),
        Criticality.CRITICAL,
        state,
        null,
        BYTES,
        null,
        null,
        202,
        Duration.ZERO,
        Duration.ofSeconds(30),
        ending,
        null,
        0);
  }
}
