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
      INSERT INTO batch_refusals (batch_id, line, line_sha256, status, detail, pointer)
      VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING\
      """;

  @Override
  public void insert(Handle handle, List<RefusedLine> rows) {
    try (PreparedBatch batch = handle.prepareBatch(INSERT)) {
      for (RefusedLine row : rows) {
        batch
            .bind(0, row.batch())
            .bind(1, row.line())
            .bind(2, row.sha256())
            .bind(3, row.status())
            .bind(4, row.detail())
            .bind(5, row.pointer())
            .add();
      }
      batch.execute();
    }
  }
}
