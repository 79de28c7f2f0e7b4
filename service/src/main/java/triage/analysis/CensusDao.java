package triage.analysis;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.store.StoreException;
import triage.store.Table;

/// Counts jobs. Jobs that ended well cost it nothing; each that waits costs it a look at its row.
/// The bytes of all, and of what else batches keep, are summed from a ledger, which is summed up in
/// place when it is long.
///
/// **Errors**: a [StoreException] where the store does not answer.
///
/// **Threads**: safe for use by several threads, which it blocks.
final class CensusDao {
  private static final Logger LOG = LoggerFactory.getLogger(CensusDao.class);
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

  private static final String STORED =
      """
      SELECT caller, study, sum(bytes + jobs * :row)::bigint AS bytes, count(*) AS entries
      FROM job_bytes GROUP BY caller, study\
      """;

  /// What others add meanwhile is not seen and stays; what others sum up meanwhile is gone.
  private static final String SUM_UP =
      """
      WITH gone AS (DELETE FROM job_bytes RETURNING *)
      INSERT INTO job_bytes
      SELECT caller, study, sum(jobs), sum(bytes) FROM gone GROUP BY caller, study
      HAVING sum(jobs) <> 0 OR sum(bytes) <> 0\
      """;

  /// All is read as it is at one moment, which comes with the first query after this.
  private static final String AT_ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";

  private static final int ENTRIES_MAX = 1_000;

  private final Table table;

  CensusDao(Jdbi jdbi) {
    this.table = new Table(jdbi, "jobs");
  }

  /// What waits of one caller for one version.
  private record Share(
      String caller, JobCensus.Version version, long jobs, long bytes, double oldestSeconds) {}

  /// What is kept of one caller for one study.
  private record Kept(String caller, @Nullable String study, long bytes, long entries) {}

  /// Counts what there is.
  ///
  /// @param rowBytes what a job takes beside its input
  /// @param begins is run just before the moment that is counted
  JobCensus count(long rowBytes, Runnable begins) {
    Counted counted =
        table.with(handle ->
            handle.inTransaction(own -> {
              own.execute(AT_ONE_MOMENT);
              begins.run();
              List<Kept> stored = stored(own, rowBytes);
              return new Counted(
                  census(waiting(own, rowBytes), stored, number(own, RUNNING), number(own, DEAD)),
                  stored);
            }));
    sumUp(counted.stored());
    return counted.census();
  }

  private record Counted(JobCensus census, List<Kept> stored) {}

  /// Sums the ledger up where that makes it much shorter. Where that fails, the next count tries
  /// again.
  private void sumUp(List<Kept> stored) {
    long more = stored.stream().mapToLong(Kept::entries).sum() - stored.size();
    if (more > Math.max(ENTRIES_MAX, stored.size())) {
      try {
        table.with(handle -> handle.execute(SUM_UP));
      } catch (StoreException e) {
        LOG.debug("event=job-ledger-waits cause=\"{}\"", e.getMessage());
      }
    }
  }

  private static JobCensus census(List<Share> shares, List<Kept> stored, long running, long dead) {
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
    Map<String, Long> byCaller = new HashMap<>();
    Map<String, Long> byStudy = new HashMap<>();
    for (Kept kept : stored) {
      byCaller.merge(kept.caller(), kept.bytes(), Long::sum);
      if (kept.study() != null) {
        byStudy.merge(kept.study(), kept.bytes(), Long::sum);
      }
    }
    return new JobCensus(bytes, byCaller, byStudy, versions, waiting, running, dead, oldest);
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

  private static List<Kept> stored(Handle handle, long rowBytes) {
    return handle
        .createQuery(STORED)
        .bind("row", rowBytes)
        .map((row, context) ->
            new Kept(
                row.getString("caller"),
                row.getString("study"),
                row.getLong("bytes"),
                row.getLong("entries")))
        .list();
  }

  private static long number(Handle handle, String query) {
    return handle.createQuery(query).mapTo(Long.class).one();
  }
}
