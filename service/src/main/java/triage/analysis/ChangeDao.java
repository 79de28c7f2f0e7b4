package triage.analysis;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import triage.store.StoreException;
import triage.store.Table;

/// Reads jobs by when they changed, each at its latest change, without what the models answered.
///
/// A change is **settled** once no transaction is under way that began before the one that made it:
/// from then on nothing can come to stand before it any more, and a reader that has passed it has
/// missed nothing.
///
/// **Source**: PostgreSQL's `pg_current_snapshot`; every change of a job writes the number of its
/// transaction into `changed`.
///
/// **Errors**: a [StoreException] where the store does not answer.
///
/// **Threads**: safe for use by several threads, which it blocks.
final class ChangeDao {
  private static final String PAGE =
      JobDao.COLUMNS_BUT_RESULT
          + """
          , changed::text AS change, changed < pg_snapshot_xmin(pg_current_snapshot()) AS settled
          FROM jobs
          WHERE caller = :caller AND (changed, id) > (CAST(:transaction AS xid8), :job)
            AND state <> 'attached'
          ORDER BY jobs.changed, jobs.id LIMIT :most\
          """;

  private static final String REMOVED =
      """
      SELECT study, changed::text AS change, id,
        changed < pg_snapshot_xmin(pg_current_snapshot()) AS settled
      FROM job_removals
      WHERE caller = :caller AND (changed, id) > (CAST(:transaction AS xid8), :job)\
      """;

  private static final String HORIZON =
      """
      SELECT pg_snapshot_xmin(snapshot)::text AS settled, pg_snapshot_xmax(snapshot)::text AS ahead
      FROM pg_current_snapshot() AS snapshot\
      """;

  private static final String NEWEST =
      """
      SELECT asked.caller, (SELECT changed::text FROM jobs WHERE jobs.caller = asked.caller
        ORDER BY changed DESC, id DESC LIMIT 1) AS newest
      FROM unnest(:callers) AS asked(caller)\
      """;

  private final Table table;

  ChangeDao(Jdbi jdbi) {
    this.table = new Table(jdbi, "jobs");
  }

  /// A job as it was left by its latest change.
  ///
  /// @param settled whether nothing can come to stand before it
  record Change(Job job, ChangePosition position, boolean settled) {}

  /// What was deleted of a caller's jobs in one study because its time was over.
  ///
  /// @param study empty for jobs without one
  /// @param position of the last change that is missing
  /// @param settled whether nothing can come to stand before it
  record Removal(String study, ChangePosition position, boolean settled) {}

  /// Changes after a place, and what is missing among them.
  ///
  /// @param removals of whatever is not among the changes because it was deleted, and perhaps of
  ///     what was deleted since
  record Page(List<Change> changes, List<Removal> removals) {}

  /// How far the numbers of transactions have come.
  ///
  /// @param settled all smaller ones have ended
  /// @param ahead none that big has begun
  record Horizon(long settled, long ahead) {}

  /// Gives a caller's changes after a place, in their order.
  ///
  /// @param most how many at most
  Page after(String caller, ChangePosition place, int most) {
    return table.with(handle -> {
      List<Change> found =
          handle
              .createQuery(PAGE)
              .bind("caller", caller)
              .bind("transaction", Long.toString(place.transaction()))
              .bind("job", place.job())
              .bind("most", most)
              .map((row, context) ->
                  new Change(JobDao.job(row), position(row), row.getBoolean("settled")))
              .list();
      // Asked for after the changes: what was deleted before those were read is seen here.
      List<Removal> removed =
          handle
              .createQuery(REMOVED)
              .bind("caller", caller)
              .bind("transaction", Long.toString(place.transaction()))
              .bind("job", place.job())
              .map((row, context) ->
                  new Removal(row.getString("study"), position(row), row.getBoolean("settled")))
              .list();
      return new Page(found, removed);
    });
  }

  private static ChangePosition position(ResultSet row) throws SQLException {
    return new ChangePosition(
        Long.parseLong(row.getString("change")), row.getObject("id", UUID.class));
  }

  /// Gives one job.
  Optional<Job> find(UUID id) {
    return table.with(handle ->
        handle
            .createQuery(JobDao.COLUMNS_BUT_RESULT + " FROM jobs WHERE id = :id")
            .bind("id", id)
            .map((row, context) -> JobDao.job(row))
            .findOne());
  }

  /// Gives how far the store has come.
  Horizon horizon() {
    return table.with(handle ->
        handle
            .createQuery(HORIZON)
            .map((row, context) ->
                new Horizon(
                    Long.parseLong(row.getString("settled")),
                    Long.parseLong(row.getString("ahead"))))
            .one());
  }

  /// Gives the revisions of those of the jobs that there are.
  Map<UUID, Long> revisions(Collection<UUID> ids) {
    Map<UUID, Long> revisions = new HashMap<>();
    table.with(handle ->
        handle
            .createQuery("SELECT id, revision FROM jobs WHERE id = ANY(:ids)")
            .bindArray("ids", UUID.class, ids)
            .map((row, context) ->
                revisions.put(row.getObject("id", UUID.class), row.getLong("revision")))
            .list());
    return revisions;
  }

  /// Gives the transaction of each of these callers' latest change, where there is any.
  Map<String, String> newest(Collection<String> callers) {
    Map<String, String> newest = new HashMap<>();
    table.with(handle -> {
      handle
          .createQuery(NEWEST)
          .bindArray("callers", String.class, callers)
          .map((row, context) -> {
            String changed = row.getString("newest");
            if (changed != null) {
              newest.put(row.getString("caller"), changed);
            }
            return true;
          })
          .list();
      return newest;
    });
    return newest;
  }
}
