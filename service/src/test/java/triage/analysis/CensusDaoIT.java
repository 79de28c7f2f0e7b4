package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import triage.store.Store;
import triage.store.StoreFixture;

/// The ledger of bytes says what the jobs themselves say, whatever becomes of them.
class CensusDaoIT {
  private static final String INSERT =
      """
      INSERT INTO jobs (id, caller, study, model, model_version, criticality, body_sha256, input,
        state, created_at)
      SELECT gen_random_uuid(), '%s', %s, 'm', '1', 1, '', 'twelve bytes', 'running', now()
      FROM generate_series(1, %d)\
      """;

  private static final String BATCH =
      """
      INSERT INTO triage.batches (id, caller, created_at)
      VALUES (gen_random_uuid(), '%s', now() - interval '1 h')\
      """;

  private static final String REFUSALS =
      """
      INSERT INTO triage.batch_refusals (batch_id%s, line, line_sha256, status, detail)
      SELECT id%s, line, '', 400, 'no' FROM triage.batches, generate_series(1, %d) AS line\
      """;

  private StoreFixture fixture;
  private Store store;
  private Jdbi jdbi;
  private CensusDao censuses;

  @BeforeEach
  void open() {
    fixture = StoreFixture.prepared();
    start();
  }

  private void start() {
    store = fixture.open();
    jdbi = store.jdbi();
    censuses = new CensusDao(jdbi);
  }

  @AfterEach
  void close() {
    store.close();
    fixture.close();
  }

  @Test
  void countsWhatIsKeptByCallerAndStudy() {
    execute(INSERT.formatted("a", "'S-1'", 3));
    execute(INSERT.formatted("a", "NULL", 2));
    execute(INSERT.formatted("b", "'S-1'", 1));
    assertStored(Map.of("a", 5 * 112L, "b", 112L), Map.of("S-1", 4 * 112L));

    execute("UPDATE jobs SET state = 'done', result = 'seven b' WHERE caller = 'b'");
    assertStored(Map.of("a", 5 * 112L, "b", 119L), Map.of("S-1", 3 * 112 + 119L));

    execute("UPDATE jobs SET state = 'running', attempts = 7");
    execute("DELETE FROM jobs WHERE study IS NULL");
    assertStored(Map.of("a", 3 * 112L, "b", 119L), Map.of("S-1", 3 * 112 + 119L));
  }

  @Test
  void countsBatchesAndTheirLinesThatWereRefused() {
    execute(BATCH.formatted("a"));
    execute(REFUSALS.formatted(", caller", ", caller", 3));
    execute(BATCH.formatted("b"));
    assertStored(Map.of("a", 4 * 100L, "b", 100L), Map.of());

    new BatchDao(jdbi).forget(Duration.ZERO, null, 10);
    assertStored(Map.of("a", 0L, "b", 0L), Map.of());
  }

  @Test
  void countsBatchesThatWereThereBefore() throws Exception {
    close();
    fixture = StoreFixture.create();
    fixture.leave("9", BATCH.formatted("a") + ";" + REFUSALS.formatted("", "", 3));
    start();

    assertStored(Map.of("a", 4 * 100L), Map.of());
    new BatchDao(jdbi).forget(Duration.ZERO, null, 10);
    assertStored(Map.of("a", 0L), Map.of());
  }

  @Test
  void sumsALongLedgerUp() {
    for (int i = 0; i < 600; i++) {
      execute(INSERT.formatted("a", "'S-1'", 1));
      execute(INSERT.formatted("b", "'S-1'", 1));
    }
    execute("DELETE FROM jobs WHERE caller = 'b'");
    Map<String, Long> stored = Map.of("a", 600 * 112L, "b", 0L);
    assertStored(stored, Map.of("S-1", 600 * 112L));

    assertThat(entries()).isOne();
    assertStored(Map.of("a", 600 * 112L), Map.of("S-1", 600 * 112L));
  }

  private void assertStored(Map<String, Long> byCaller, Map<String, Long> byStudy) {
    JobCensus census = censuses.count(100, () -> {});
    assertThat(census.storedBytes()).isEqualTo(byCaller);
    assertThat(census.storedBytesByStudy()).isEqualTo(byStudy);
  }

  private void execute(String statement) {
    jdbi.useHandle(handle -> handle.execute(statement));
  }

  private long entries() {
    return jdbi.withHandle(
        handle -> handle.createQuery("SELECT count(*) FROM job_bytes").mapTo(Long.class).one());
  }
}
