package triage.analysis;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.generic.GenericType;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.store.RowKind;

/// Writes what becomes of claimed jobs. A holder whose claim is no longer the newest, or whose job
/// has ended, changes nothing: that is what keeps a job to one answer. Its ending is counted as
/// late, and perhaps twice where its commit had to be repeated.
///
/// **Threads**: confined to the writer's thread; the counts are safe for others.
final class SettlementDao implements RowKind<Settlement> {
  private static final Logger LOG = LoggerFactory.getLogger(SettlementDao.class);

  /// A job that was taken from its holder and not claimed again may still be ended by it.
  private static final String END =
      """
      UPDATE jobs SET state = ?, finished_at = now(), status = nullif(?, 0), reason = ?, detail = ?,
        backend = ?, result = ?, answered = coalesce(answered, nullif(?, 0)),
        owner = NULL, lease_until = NULL, revision = revision + 1, changed = pg_current_xact_id()
      WHERE id = ? AND fence = ? AND state IN ('attached', 'running', 'waiting')\
      """;

  /// One that was taken from its holder and not claimed again is put back by it, too. That ends the
  /// claim, so that a commit which has to be repeated puts nothing back twice.
  private static final String PUT_BACK =
      """
      UPDATE jobs SET state = 'waiting', not_before = now() + ? * interval '1 ms',
        attempts = attempts - ?, detail = ?, fence = fence + 1,
        owner = NULL, lease_until = NULL, revision = revision + 1, changed = pg_current_xact_id()
      WHERE id = ? AND fence = ? AND state IN ('running', 'waiting')\
      """;

  private static final String RELEASE =
      "DELETE FROM jobs WHERE id = ? AND fence = ? AND state = 'attached'";

  private static final String FENCES = "SELECT id, fence FROM jobs WHERE id = ANY(:ids)";

  private static final String KEPT = "SELECT id FROM jobs WHERE id = ANY(:ids)";

  private final JobCounts counts;

  SettlementDao(JobCounts counts) {
    this.counts = counts;
  }

  @Override
  public void insert(Handle handle, List<Settlement> rows) {
    try (PreparedBatch end = handle.prepareBatch(END);
        PreparedBatch putBack = handle.prepareBatch(PUT_BACK);
        PreparedBatch release = handle.prepareBatch(RELEASE)) {
      List<Settlement.Ended> endings = new ArrayList<>();
      List<Settlement.Released> releases = new ArrayList<>();
      for (Settlement row : rows) {
        switch (row) {
          case Settlement.Ended ended -> {
            bind(end, ended);
            endings.add(ended);
          }
          case Settlement.PutBack back ->
              putBack
                  .bind(0, back.delayMillis())
                  .bind(1, back.untried() ? 1 : 0)
                  .bind(2, back.detail())
                  .bind(3, back.id())
                  .bind(4, back.fence())
                  .add();
          case Settlement.Released released -> {
            release.bind(0, released.id()).bind(1, released.fence()).add();
            releases.add(released);
          }
        }
      }
      countLate(handle, endings, execute(end));
      execute(putBack);
      execute(release);
      tellGone(handle, releases);
    }
  }

  /// Tells of each whether it is gone, be it since somebody else, or this before its commit had to
  /// be repeated, has deleted it.
  private static void tellGone(Handle handle, List<Settlement.Released> releases) {
    if (releases.isEmpty()) {
      return;
    }
    Set<UUID> kept =
        handle
            .createQuery(KEPT)
            .bindArray("ids", UUID.class, releases.stream().map(Settlement.Released::id).toList())
            .mapTo(UUID.class)
            .set();
    releases.forEach(release -> release.gone().set(!kept.contains(release.id())));
  }

  private static void bind(PreparedBatch batch, Settlement.Ended ended) {
    Ending ending = ended.ending();
    batch
        .bind(0, ending.state().wire())
        .bind(1, ending.status())
        .bind(2, ending.reason())
        .bind(3, ending.detail())
        .bind(4, ending.backend())
        .bind(5, ending.result())
        .bind(6, ended.answered())
        .bind(7, ended.id())
        .bind(8, ended.fence())
        .add();
  }

  private static int[] execute(PreparedBatch batch) {
    return batch.size() > 0 ? batch.execute() : new int[0];
  }

  /// Counts the endings of claims that are no longer the newest. One that is there already, since
  /// its commit is repeated, is not late.
  private void countLate(Handle handle, List<Settlement.Ended> endings, int[] changed) {
    List<Settlement.Ended> without = new ArrayList<>();
    for (int i = 0; i < changed.length; i++) {
      if (changed[i] == 0) {
        without.add(endings.get(i));
      }
    }
    if (without.isEmpty()) {
      return;
    }
    Map<UUID, Long> fences =
        handle
            .createQuery(FENCES)
            .bindArray("ids", UUID.class, without.stream().map(Settlement.Ended::id).toList())
            .setMapKeyColumn("id")
            .setMapValueColumn("fence")
            .collectInto(new GenericType<Map<UUID, Long>>() {});
    List<UUID> late =
        without.stream()
            .filter(ended -> fences.getOrDefault(ended.id(), Long.MAX_VALUE) != ended.fence())
            .map(Settlement.Ended::id)
            .toList();
    if (!late.isEmpty()) {
      counts.late(late.size());
      LOG.warn("event=job-endings-late jobs={} first={}", late.size(), late.getFirst());
    }
  }
}
