package triage.audit;

import java.time.ZoneOffset;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import triage.store.RowKind;

/// Inserts into `audit_shed`.
///
/// **Threads**: immutable.
final class ShedDao implements RowKind<ShedRow> {
  private static final String INSERT =
      """
      INSERT INTO audit_shed (id, window_start, caller, study, model, reason, n)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO NOTHING\
      """;

  @Override
  public void insert(Handle handle, List<ShedRow> rows) {
    try (PreparedBatch batch = handle.prepareBatch(INSERT)) {
      for (ShedRow row : rows) {
        batch
            .bind(0, row.id())
            .bind(1, row.count().windowStart().atOffset(ZoneOffset.UTC))
            .bind(2, row.count().key().caller())
            .bind(3, row.count().key().study())
            .bind(4, row.count().key().model())
            .bind(5, row.count().key().reason())
            .bind(6, row.count().n())
            .add();
      }
      batch.execute();
    }
  }
}
