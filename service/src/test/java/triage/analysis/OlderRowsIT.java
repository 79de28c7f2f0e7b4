package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import triage.admission.Criticality;
import triage.store.Store;
import triage.store.StoreFixture;

/// Jobs that were written when the schema had only the step that made their table: all that came
/// after it leaves them readable and fit to be worked on.
class OlderRowsIT {
  private static final Duration HOUR = Duration.ofHours(1);
  private static final UUID OWNER = new UUID(9, 9);
  private static final UUID ATTACHED = new UUID(0, 1);
  private static final UUID WAITING = new UUID(0, 2);
  private static final UUID RUNNING = new UUID(0, 3);
  private static final UUID DONE = new UUID(0, 4);
  private static final UUID FAILED = new UUID(0, 5);
  private static final UUID DEAD = new UUID(0, 6);
  private static final UUID CANCELLED = new UUID(0, 7);
  private static final String ROWS =
      """
      INSERT INTO triage.jobs (id, caller, study, subject, model, model_version, criticality,
        idempotency_key, body_sha256, input, state, created_at, attempts, fence, owner, lease_until,
        answered, finished_at, status, reason, detail, backend, result)
      SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'edc', 'S-1', '007', 'm', '1', 1,
        'key-' || n, decode('ab', 'hex'), convert_to('{"inputs":[]}', 'UTF8'), state, now(), tries,
        tries, CASE WHEN held THEN gen_random_uuid() END,
        CASE WHEN held THEN now() - interval '1 s' END, answered,
        CASE WHEN ended THEN now() END, status, reason, detail, backend, convert_to(result, 'UTF8')
      FROM (VALUES
        (1, 'attached', 0, true, NULL, false, NULL, NULL, NULL, NULL, NULL),
        (2, 'waiting', 0, false, 202, false, NULL, NULL, NULL, NULL, NULL),
        (3, 'running', 1, true, 202, false, NULL, NULL, NULL, NULL, NULL),
        (4, 'done', 1, false, 200, true, 200, NULL, NULL, 'm-0', '{"outputs":[]}'),
        (5, 'failed', 1, false, 422, true, 422, 'backend-refused', 'no', 'm-0', NULL),
        (6, 'dead', 5, false, 202, true, NULL, 'worker-lost', 'gone', NULL, NULL),
        (7, 'cancelled', 1, false, 202, true, NULL, 'cancelled', 'error', NULL, NULL))
        AS old(n, state, tries, held, answered, ended, status, reason, detail, backend, result)\
      """;

  private StoreFixture fixture;
  private Store store;
  private JobDao jobs;

  @BeforeEach
  void open() throws Exception {
    fixture = StoreFixture.create();
    fixture.leave("3", ROWS);
    store = fixture.open();
    jobs = new JobDao(store.jdbi());
  }

  @AfterEach
  void close() {
    store.close();
    fixture.close();
  }

  @Test
  void areReadAndWorkedOn() {
    Job done = jobs.find(DONE).orElseThrow();
    assertThat(done.state()).isEqualTo(JobState.DONE);
    assertThat(done.answer().status()).isEqualTo(200);
    assertThat(done.ending()).isNotNull();
    assertThat(done.ending().backend()).isEqualTo("m-0");
    assertThat(new String(done.ending().result(), StandardCharsets.UTF_8))
        .isEqualTo("{\"outputs\":[]}");
    assertThat(jobs.find(FAILED).orElseThrow().ending().detail()).isEqualTo("no");
    assertThat(jobs.find(CANCELLED).orElseThrow().state()).isEqualTo(JobState.CANCELLED);
    assertThat(jobs.dead("edc", new UUID(0, 0), 10)).extracting(Job::id).containsExactly(DEAD);
    assertThat(jobs.find("edc", "key-4", HOUR).orElseThrow().job().id()).isEqualTo(DONE);
    assertThat(new ChangeDao(store.jdbi()).after("edc", ChangePosition.START, 10).changes())
        .hasSize(6);

    assertThat(claim()).containsExactly(WAITING);
    assertThat(jobs.takeBack(5))
        .containsExactly(new JobDao.TakenBack(RUNNING, "edc", JobState.WAITING));
    assertThat(jobs.find(ATTACHED)).isEmpty();
    assertThat(claim()).containsExactly(RUNNING);

    Ending ending = new Ending(JobState.DONE, 200, null, null, "m-0", new byte[] {'1'});
    store
        .jdbi()
        .useTransaction(handle ->
            new SettlementDao(new JobCounts())
                .insert(handle, List.of(new Settlement.Ended(WAITING, 1, ending, 0))));
    assertThat(jobs.find(WAITING).orElseThrow().state()).isEqualTo(JobState.DONE);
    assertThat(jobs.forget(Duration.ZERO, Map.of(), 10)).isEqualTo(5);
  }

  private List<UUID> claim() {
    return jobs.claim("m", "1", Criticality.values()[1], 10, OWNER, HOUR).claims().stream()
        .map(Claim::id)
        .toList();
  }
}
