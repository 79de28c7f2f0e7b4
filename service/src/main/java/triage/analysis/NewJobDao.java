package triage.analysis;

import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import triage.store.RowKind;

/// Inserts into `jobs`, with the times of the store's clock: it decides how long they are kept. A
/// row whose idempotency key is taken is left out without a word: whoever sent one looks
/// afterwards whose it is.
///
/// **Threads**: immutable.
final class NewJobDao implements RowKind<NewJob> {
  private static final String INSERT =
      """
      INSERT INTO jobs (id, caller, study, site, subject, model, model_version, criticality,
        idempotency_key, body_sha256, input, traceparent, batch_id, batch_line, state, created_at,
        owner, lease_until, answered, answer_by,
        finished_at, status, reason, detail, backend, result)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?,
        ?, ?, ?, ?, ?::uuid, ?::bigint, ?, now(),
        ?::uuid, now() + ?::bigint * interval '1 ms', nullif(?, 0),
        now() + ?::bigint * interval '1 ms',
        CASE WHEN ? THEN now() END, nullif(?, 0), ?, ?, ?, ?::bytea)
      ON CONFLICT DO NOTHING\
      """;

  @Override
  public void insert(Handle handle, List<NewJob> rows) {
    try (PreparedBatch batch = handle.prepareBatch(INSERT)) {
      rows.forEach(row -> bind(batch, row));
      batch.execute();
    }
  }

  private static void bind(PreparedBatch batch, NewJob row) {
    Submission asked = row.submission();
    Ending ending = row.ending();
    batch
        .bind(0, row.id())
        .bind(1, row.caller())
        .bind(2, asked.study())
        .bind(3, asked.site())
        .bind(4, asked.subject())
        .bind(5, asked.model())
        .bind(6, asked.version())
        .bind(7, row.criticality().rank())
        .bind(8, row.key())
        .bind(9, row.bodySha256())
        .bind(10, asked.input())
        .bind(11, row.traceparent())
        .bind(12, row.batch())
        .bind(13, row.batch() == null ? null : (Long) row.batchLine())
        .bind(14, row.state().wire())
        .bind(15, row.owner())
        .bind(16, row.owner() == null ? null : (Long) row.lease().toMillis())
        .bind(17, row.answered())
        .bind(18, row.answerWithin().toMillis())
        .bind(19, ending != null)
        .bind(20, ending == null ? 0 : ending.status())
        .bind(21, ending == null ? null : ending.reason())
        .bind(22, ending == null ? null : ending.detail())
        .bind(23, ending == null ? null : ending.backend())
        .bind(24, ending == null ? null : ending.result())
        .add();
  }
}
