package triage.store;

import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/// Rows for tests of the writer, in a table that exists: a row is bad when its number is negative
/// (`NOT NULL` is violated).
final class GapRows implements RowKind<GapRows.Row> {

  record Row(UUID id, long n) {
    static Row of(long n) {
      return new Row(new UUID(0x7000, n), n);
    }
  }

  @Override
  public void insert(Handle handle, List<Row> rows) {
    try (var batch =
        handle.prepareBatch(
            "INSERT INTO audit_gap (id, from_at, to_at, cause, n)"
                + " VALUES (?, now(), now(), ?, ?) ON CONFLICT DO NOTHING")) {
      for (Row row : rows) {
        batch.bind(0, row.id()).bind(1, row.n() < 0 ? null : "test").bind(2, row.n()).add();
      }
      batch.execute();
    }
  }

  /// Gives the numbers that are in the table.
  static List<Long> written(Jdbi jdbi) {
    return jdbi.withHandle(handle ->
        handle.createQuery("SELECT n FROM audit_gap ORDER BY n").mapTo(Long.class).list());
  }
}
