package triage.audit;

import java.time.ZoneOffset;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import triage.store.RowKind;

/// Inserts into `audit_change`: through the writer, or in the transaction that makes the change.
///
/// **Threads**: immutable.
final class ChangeDao implements RowKind<ChangeRow> {
  private static final String INSERT =
      """
      INSERT INTO audit_change (id, changed_at, caller, setting, target, from_value, to_value)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO NOTHING\
      """;

  @Override
  public void insert(Handle handle, List<ChangeRow> rows) {
    try (PreparedBatch batch = handle.prepareBatch(INSERT)) {
      for (ChangeRow row : rows) {
        batch
            .bind(0, row.id())
            .bind(1, row.changedAt().atOffset(ZoneOffset.UTC))
            .bind(2, row.caller())
            .bind(3, row.setting())
            .bind(4, row.target())
            .bind(5, row.from())
            .bind(6, row.to())
            .add();
      }
      batch.execute();
    }
  }
}
