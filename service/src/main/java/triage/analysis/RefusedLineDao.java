package triage.analysis;

import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import triage.store.RowKind;

/// Inserts into `batch_refusals`.
///
/// **Threads**: immutable.
final class RefusedLineDao implements RowKind<RefusedLine> {
  private static final String INSERT =
      """
      INSERT INTO batch_refusals (batch_id, caller, line, line_sha256, status, detail, pointer)
      VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING\
      """;

  @Override
  public void insert(Handle handle, List<RefusedLine> rows) {
    try (PreparedBatch batch = handle.prepareBatch(INSERT)) {
      for (RefusedLine row : rows) {
        batch
            .bind(0, row.batch())
            .bind(1, row.caller())
            .bind(2, row.line())
            .bind(3, row.sha256())
            .bind(4, row.status())
            .bind(5, row.detail())
            .bind(6, row.pointer())
            .add();
      }
      batch.execute();
    }
  }
}
