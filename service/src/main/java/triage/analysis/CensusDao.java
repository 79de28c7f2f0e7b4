package triage.analysis;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import triage.store.StoreException;
import triage.store.Table;

/// Counts jobs. Jobs that ended well cost it nothing; each that waits costs it a look at its row.
///
/// **Errors**: a [StoreException] where the store does not answer.
///
/// **Threads**: safe for use by several threads, which it blocks.
final class CensusDao {
  private static final String WAITING =
      """
      SELECT caller, model, model_version, count(*) AS jobs,
        sum(octet_length(input) + :row)::bigint AS bytes,
        greatest(extract(epoch FROM now() - min(created_at)), 0)::float8 AS oldest
      FROM jobs WHERE state = 'waiting'
      GROUP BY caller, model, model_version\
      """;

  private static final String RUNNING = "SELECT count(*) FROM jobs WHERE state = 'running'";
  private static final String DEAD = "SELECT count(*) FROM jobs WHERE state = 'dead'";

  private final Table table;

  CensusDao(Jdbi jdbi) {
    this.table = new Table(jdbi, "jobs");
  }

  /// What waits of one caller for one version.
  private record Share(
      String caller, JobCensus.Version version, long jobs, long bytes, double oldestSeconds) {}

  /// Counts what there is.
  ///
  /// @param rowBytes what a job takes beside its input
  JobCensus count(long rowBytes) {
    return table.with(
        handle -> census(waiting(handle, rowBytes), number(handle, RUNNING), number(handle, DEAD)));
  }

  private static JobCensus census(List<Share> shares, long running, long dead) {
    Map<String, Long> bytes = new HashMap<>();
    Map<JobCensus.Version, Long> versions = new HashMap<>();
    long waiting = 0;
    double oldest = 0;
    for (Share share : shares) {
      bytes.merge(share.caller(), share.bytes(), Long::sum);
      versions.merge(share.version(), share.jobs(), Long::sum);
      waiting += share.jobs();
      oldest = Math.max(oldest, share.oldestSeconds());
    }
    return new JobCensus(bytes, versions, waiting, running, dead, oldest);
  }

  private static List<Share> waiting(Handle handle, long rowBytes) {
    return handle
        .createQuery(WAITING)
        .bind("row", rowBytes)
        .map((row, context) ->
            new Share(
                row.getString("caller"),
                new JobCensus.Version(row.getString("model"), row.getString("model_version")),
                row.getLong("jobs"),
                row.getLong("bytes"),
                row.getDouble("oldest")))
        .list();
  }

  private static long number(Handle handle, String query) {
    return handle.createQuery(query).mapTo(Long.class).one();
  }
}
