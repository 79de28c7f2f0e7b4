package triage.analysis;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import triage.store.RowKind;

/// Inserts the rows of uploads that still have their batches to themselves. Those of one that was
/// overtaken are left out without a word: it finds that out before it tells its caller anything.
///
/// No other upload begins between the look and the commit.
///
/// **Threads**: immutable.
final class UploadedRowDao<T> implements RowKind<UploadedRow<T>> {
  private static final String UPLOADERS =
      "SELECT id, uploader FROM batches WHERE id = ANY(:ids) ORDER BY id FOR SHARE";

  private final RowKind<T> kind;

  UploadedRowDao(RowKind<T> kind) {
    this.kind = kind;
  }

  @Override
  public void insert(Handle handle, List<UploadedRow<T>> rows) {
    Map<UUID, UUID> uploaders = new HashMap<>();
    handle
        .createQuery(UPLOADERS)
        .bindArray("ids", UUID.class, rows.stream().map(UploadedRow::batch).distinct().toList())
        .map((row, context) ->
            uploaders.put(row.getObject("id", UUID.class), row.getObject("uploader", UUID.class)))
        .forEach(_ -> {});
    List<T> held =
        rows.stream()
            .filter(row -> row.uploader().equals(uploaders.get(row.batch())))
            .map(UploadedRow::row)
            .toList();
    if (!held.isEmpty()) {
      kind.insert(handle, held);
    }
  }
}
