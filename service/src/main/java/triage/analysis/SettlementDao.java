package triage.analysis;

import java.time.ZoneOffset;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import triage.store.RowKind;

/// Writes what becomes of claimed jobs. A holder whose claim is no longer the newest, or whose job
/// has ended, changes nothing: that is what keeps a job to one answer.
///
/// **Threads**: immutable.
final class SettlementDao implements RowKind<Settlement> {
  /// A job that was taken from its holder and not claimed again may still be ended by it.
  private static final String END =
      """
      UPDATE jobs SET state = ?, finished_at = ?, status = nullif(?, 0), reason = ?, detail = ?,
        backend = ?, result = ?, answered = coalesce(answered, nullif(?, 0)),
        owner = NULL, lease_until = NULL, revision = revision + 1, changed = pg_current_xact_id()
      WHERE id = ? AND fence = ? AND state IN ('attached', 'running', 'waiting')\
      """;

  private static final String PUT_BACK =
      """
      UPDATE jobs SET state = 'waiting', not_before = now() + ? * interval '1 ms',
        attempts = attempts - ?, detail = ?,
        owner = NULL, lease_until = NULL, revision = revision + 1, changed = pg_current_xact_id()
      WHERE id = ? AND fence = ? AND state = 'running'\
      """;

  private static final String RELEASE =
      "DELETE FROM jobs WHERE id = ? AND fence = ? AND state = 'attached'";

  @Override
  public void insert(Handle handle, List<Settlement> rows) {
    try (PreparedBatch end = handle.prepareBatch(END);
        PreparedBatch putBack = handle.prepareBatch(PUT_BACK);
        PreparedBatch release = handle.prepareBatch(RELEASE)) {
      for (Settlement row : rows) {
        switch (row) {
          case Settlement.Ended ended -> bind(end, ended);
          case Settlement.PutBack back ->
              putBack
                  .bind(0, back.delayMillis())
                  .bind(1, back.untried() ? 1 : 0)
                  .bind(2, back.detail())
                  .bind(3, back.id())
                  .bind(4, back.fence())
                  .add();
          case Settlement.Released released ->
              release.bind(0, released.id()).bind(1, released.fence()).add();
        }
      }
      execute(end);
      execute(putBack);
      execute(release);
    }
  }

  private static void bind(PreparedBatch batch, Settlement.Ended ended) {
    Ending ending = ended.ending();
    batch
        .bind(0, ending.state().wire())
        .bind(1, ending.at().atOffset(ZoneOffset.UTC))
        .bind(2, ending.status())
        .bind(3, ending.reason())
        .bind(4, ending.detail())
        .bind(5, ending.backend())
        .bind(6, ending.result())
        .bind(7, ended.answered())
        .bind(8, ended.id())
        .bind(9, ended.fence())
        .add();
  }

  private static void execute(PreparedBatch batch) {
    if (batch.size() > 0) {
      batch.execute();
    }
  }
}
