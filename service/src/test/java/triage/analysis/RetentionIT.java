package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import triage.store.Store;
import triage.store.StoreFixture;
import triage.time.SettableTime;

/// Deletes as much as there is, and of batches those without jobs only, in a real store.
class RetentionIT {
  private static final String JOBS =
      """
      INSERT INTO jobs (id, caller, study, model, model_version, criticality, body_sha256, input,
        state, created_at, finished_at, batch_id, batch_line)
      SELECT gen_random_uuid(), 'tester', '%s', 'm', '1', 1, '', '', 'done',
        now() - interval '40 d', now() - interval '40 d', %s, n FROM generate_series(1, %d) n\
      """;

  private final SettableTime time = new SettableTime(Instant.EPOCH);
  private StoreFixture fixture;
  private Store store;
  private Jdbi jdbi;
  private Retention retention;

  @BeforeEach
  void open() {
    fixture = StoreFixture.prepared();
    store = fixture.open();
    jdbi = store.jdbi();
    AnalysisSettings settings = AnalysisSettings.defaults();
    DiskRoom disk = new DiskRoom(OptionalLong::empty, 0, time);
    Reclaim reclaim = new Reclaim(disk, null, time, Runnable::run);
    retention = new Retention(new JobDao(jdbi), new BatchDao(jdbi), reclaim, settings, time);
  }

  @AfterEach
  void close() {
    store.close();
    fixture.close();
  }

  @Test
  void goesOnUntilNothingOldIsLeft() {
    jdbi.useHandle(handle -> handle.execute(JOBS.formatted("S-1", "NULL", 1_200)));

    assertThat(retention.delete()).isTrue();
    assertThat(count("jobs")).isEqualTo(700);
    assertThat(retention.delete()).isTrue();
    assertThat(retention.delete()).isFalse();
    assertThat(count("jobs")).isZero();
  }

  @Test
  void goesPastBatchesOfWhichAJobIsLeftAndBeginsAnew() {
    jdbi.useHandle(handle -> {
      handle.execute(
          """
          INSERT INTO batches (id, caller, created_at)
          SELECT gen_random_uuid(), 'tester', now() - interval '50 d' + n / 3 * interval '1 s'
          FROM generate_series(1, 130) n\
          """);
      // The oldest hundred have a job that has not ended yet.
      handle.execute(
          """
          INSERT INTO jobs (id, caller, model, model_version, criticality, body_sha256, input,
            state, created_at, batch_id, batch_line)
          SELECT gen_random_uuid(), 'tester', 'm', '1', 1, '', '', 'waiting', now(), id, 1
          FROM (SELECT id FROM batches ORDER BY created_at, id LIMIT 100) oldest\
          """);
      handle.execute("INSERT INTO batch_refusals SELECT id, 2, '', 400, 'x', NULL FROM batches");
    });

    assertThat(retention.delete()).isTrue();
    assertThat(count("batches")).isEqualTo(130);
    assertThat(retention.delete()).isTrue();
    assertThat(retention.delete()).isFalse();
    assertThat(count("batches")).isEqualTo(100);
    assertThat(count("batch_refusals")).isEqualTo(100);

    jdbi.useHandle(handle -> handle.execute("DELETE FROM jobs"));
    assertThat(retention.delete()).as("between rounds").isFalse();
    assertThat(count("batches")).isEqualTo(100);
    time.advance(Duration.ofSeconds(10));
    assertThat(retention.delete()).isTrue();
    assertThat(retention.delete()).isTrue();
    assertThat(retention.delete()).isFalse();
    assertThat(count("batches")).isZero();
    assertThat(count("batch_refusals")).isZero();
  }

  @Test
  void keepsABatchThatHasGotAJobBeforeItWasLocked() {
    jdbi.useTransaction(handle -> {
      handle.execute(
          """
          INSERT INTO batches (id, caller, created_at)
          SELECT gen_random_uuid(), 'tester', now() - interval '50 d' FROM generate_series(1, 2)\
          """);
      handle.execute("INSERT INTO batch_refusals SELECT id, 2, '', 400, 'x', NULL FROM batches");
      List<UUID> old = handle.createQuery("SELECT id FROM batches").mapTo(UUID.class).list();
      handle.execute(JOBS.formatted("S-1", "'" + old.getFirst() + "'", 1));

      BatchDao.forget(handle, old);
      assertThat(handle.createQuery("SELECT id FROM batches").mapTo(UUID.class).list())
          .containsExactly(old.getFirst());
    });
    assertThat(count("batch_refusals")).isOne();
  }

  private long count(String table) {
    return jdbi.withHandle(
        handle -> handle.createQuery("SELECT count(*) FROM " + table).mapTo(Long.class).one());
  }
}
