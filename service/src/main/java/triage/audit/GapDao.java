package triage.audit;

import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import triage.store.RowKind;

/// Inserts into `audit_gap`.
///
/// **Threads**: immutable.
final class GapDao implements RowKind<GapRow> {
  private static final String INSERT =
      """
      INSERT INTO audit_gap (id, from_at, to_at, cause, n)
      VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO NOTHING\
      """;

  @Override
  public void insert(Handle handle, List<GapRow> rows) {
    try (PreparedBatch batch = handle.prepareBatch(INSERT)) {
      for (GapRow row : rows) {
        batch
            .bind(0, row.id())
            .bind(1, row.gap().from().atOffset(ZoneOffset.UTC))
            .bind(2, row.gap().to().atOffset(ZoneOffset.UTC))
            .bind(3, row.gap().cause().name().toLowerCase(Locale.ROOT).replace('_', '-'))
            .bind(4, row.gap().n())
            .add();
      }
      batch.execute();
    }
  }
}
