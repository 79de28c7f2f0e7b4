package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.Random;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import triage.admission.Criticality;
import triage.store.Store;
import triage.store.StoreFixture;
import triage.time.SettableTime;

/// What retention deletes is room again, though the files of a real store stay as large as they
/// were. The disk is one of a set size on which there is only the database.
class ReclaimIT {
  private static final int JOBS = 1_200;
  private static final int INPUT_BYTES = 10_000;
  private static final long LEAST = 6_000_000;
  private static final String INSERT =
      """
      INSERT INTO jobs (id, caller, study, model, model_version, criticality, body_sha256, input,
        state, created_at, finished_at)
      VALUES (gen_random_uuid(), 'tester', 'S-1', 'm', '1', 1, '', ?, 'done', now(),
        now() - ? * interval '1 d')\
      """;

  private final SettableTime time = new SettableTime(Instant.EPOCH);
  private final Random random = new Random(7);
  private StoreFixture fixture;
  private Store store;
  private Jdbi jdbi;
  private Retention retention;
  private DiskRoom disk;
  private long diskBytes = Long.MAX_VALUE / 2;

  @BeforeEach
  void open() {
    fixture = StoreFixture.prepared();
    store = fixture.open();
    jdbi = store.jdbi();
    disk = new DiskRoom(() -> OptionalLong.of(free()), LEAST, time);
    Reclaim reclaim = new Reclaim(disk, store.tableRoom("jobs"), time, Runnable::run);
    AnalysisSettings settings = AnalysisSettings.defaults();
    retention = new Retention(new JobDao(jdbi), new BatchDao(jdbi), reclaim, settings, time);
  }

  @AfterEach
  void close() {
    store.close();
    fixture.close();
  }

  @Test
  void takesInAgainOnceWhatFilledTheDiskHasExpired() {
    insert(JOBS, 40);
    // Those at the end stay, so that the files cannot be cut off.
    insert(5, 0);
    diskBytes = databaseBytes() + LEAST * 2 / 3;
    time.advance(Duration.ofSeconds(5));
    assertThat(disk.hasRoom(Criticality.CRITICAL)).isFalse();

    while (retention.delete()) {
      time.advance(Duration.ofSeconds(5));
    }
    time.advance(Duration.ofMinutes(1));
    retention.delete();

    assertThat(disk.hasRoom(Criticality.CRITICAL)).as("room in the tables counts").isTrue();
    assertThat(free()).as("bytes free on the disk").isLessThan(LEAST);
    assertThat(disk.reusable()).isBetween(LEAST, 2L * JOBS * INPUT_BYTES);

    long before = databaseBytes();
    insert(JOBS / 2, 0);
    assertThat(databaseBytes() - before).as("growth").isLessThan(LEAST / 4);
    diskBytes = databaseBytes() + LEAST / 2 - 1;
    time.advance(Duration.ofSeconds(1));
    assertThat(disk.hasRoom(Criticality.CRITICAL)).as("the disk's own half is kept").isFalse();
  }

  private void insert(int jobs, int daysAgo) {
    jdbi.useHandle(handle -> {
      PreparedBatch batch = handle.prepareBatch(INSERT);
      for (int i = 0; i < jobs; i++) {
        byte[] input = new byte[INPUT_BYTES];
        random.nextBytes(input);
        batch.bind(0, input).bind(1, daysAgo).add();
      }
      batch.execute();
    });
  }

  private long free() {
    return diskBytes - databaseBytes();
  }

  private long databaseBytes() {
    return jdbi.withHandle(handle ->
        handle.createQuery("SELECT pg_database_size(current_database())").mapTo(Long.class).one());
  }
}
