package triage.analysis;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.statement.Update;
import org.jspecify.annotations.Nullable;
import triage.admission.Criticality;
import triage.audit.ChangeRow;
import triage.store.RowKind;
import triage.store.StoreException;
import triage.store.Table;

/// Reads and claims jobs. Whether a lease, a key or the time to keep a job has run out is said by
/// the store's clock alone, which also says when jobs begin and end.
///
/// **Errors**: a [StoreException] where the store does not answer.
///
/// **Threads**: safe for use by several threads, which it blocks.
final class JobDao {
  private static final byte[] NONE = new byte[0];
  private static final RowKind<ChangeRow> CHANGES = ChangeRow.rows();
  private static final Criticality[] CLASSES = Criticality.values();

  private static final String ALL_BUT_RESULT =
      """
      SELECT id, caller, study, site, subject, model, model_version, criticality, state, created_at,
        attempts, revision, body_sha256, coalesce(answered, 0) AS answered,
        coalesce(answer_by > now(), false) AS pending,
        finished_at, coalesce(status, 0) AS status, reason, detail, backend\
      """;

  private static final String COLUMNS = ALL_BUT_RESULT + ", result FROM jobs";

  /// What [#job] reads, without what the model answered, which may be large.
  static final String COLUMNS_BUT_RESULT = ALL_BUT_RESULT + ", NULL::bytea AS result";

  /// A key's time begins with the end of its job: however long that waited, whoever sends the
  /// submission again must not get a second one.
  private static final String KEY_IS_OVER =
      "coalesce(finished_at < now() - :after * interval '1 ms', false)";

  private static final String KEYED =
      ALL_BUT_RESULT
          + ", result, "
          + KEY_IS_OVER
          + " AS over FROM jobs WHERE caller = :caller AND idempotency_key = :key";

  /// The smallest results come with their jobs, as far as all of them together are in bounds.
  private static final String QUERY =
      ALL_BUT_RESULT
          + """
          , CASE WHEN sum(coalesce(octet_length(result), 0))
              OVER (ORDER BY coalesce(octet_length(result), 0), id) <= :bytes
            THEN result END AS result
          FROM jobs WHERE caller = :caller AND id = ANY(:ids)\
          """;

  /// Takes turns between the callers: those with the fewest jobs in hand come first, then by age.
  /// What others are just claiming is found, but left to them.
  private static final String CLAIM =
      """
      WITH RECURSIVE tenants AS (
        (SELECT caller FROM jobs
          WHERE state = 'waiting' AND model = :model AND model_version = :version
            AND criticality = :criticality
          ORDER BY caller LIMIT 1)
        UNION ALL
        SELECT (SELECT caller FROM jobs
          WHERE state = 'waiting' AND model = :model AND model_version = :version
            AND criticality = :criticality AND caller > tenants.caller
          ORDER BY caller LIMIT 1)
        FROM tenants WHERE tenants.caller IS NOT NULL
      ), held AS (
        SELECT caller, count(*) AS jobs FROM jobs
        WHERE state = 'running' AND model = :model AND model_version = :version GROUP BY caller
      ), turns AS (
        SELECT next.id, coalesce(held.jobs, 0)
          + row_number() OVER (PARTITION BY tenants.caller ORDER BY next.id) AS turn
        FROM tenants CROSS JOIN LATERAL (
          SELECT id FROM jobs
          WHERE state = 'waiting' AND model = :model AND model_version = :version
            AND criticality = :criticality AND caller = tenants.caller AND not_before <= now()
          ORDER BY id LIMIT :room) next
        LEFT JOIN held ON held.caller = tenants.caller
        WHERE tenants.caller IS NOT NULL
      ), first AS (
        SELECT id, turn FROM turns ORDER BY turn, id LIMIT :room
      ), chosen AS (
        SELECT jobs.id FROM jobs JOIN first USING (id)
        WHERE jobs.state = 'waiting'
        ORDER BY first.turn, first.id
        FOR UPDATE OF jobs SKIP LOCKED
      ), claimed AS (
        UPDATE jobs SET state = 'running', attempts = attempts + 1, fence = fence + 1,
          owner = :owner, lease_until = now() + :lease * interval '1 ms',
          revision = revision + 1, changed = pg_current_xact_id()
        FROM chosen WHERE jobs.id = chosen.id
        RETURNING jobs.id, fence, caller, study, model, model_version, criticality, attempts,
          input, traceparent
      )
      SELECT found.jobs AS found, claimed.* FROM (SELECT count(*) AS jobs FROM first) found
      LEFT JOIN claimed ON true\
      """;

  /// What another transaction is just changing, as the writer is what has ended, is left to the
  /// next time: who waited for it with others in hand could be waited for by it.
  private static final String RENEW =
      """
      UPDATE jobs SET lease_until = greatest(lease_until, now() + :lease * interval '1 ms')
      WHERE id IN (
        SELECT id FROM jobs
        WHERE id = ANY(:ids) AND owner = :owner AND state IN ('running', 'attached')
        FOR UPDATE SKIP LOCKED)\
      """;

  /// Those that a request worked on go, with their keys; the others wait again, or are dead.
  private static final String TAKE_BACK =
      """
      WITH lost AS (
        SELECT id FROM jobs WHERE state IN ('running', 'attached') AND lease_until < now()
        ORDER BY lease_until LIMIT 1000 FOR UPDATE SKIP LOCKED
      ), forgotten AS (
        DELETE FROM jobs USING lost WHERE jobs.id = lost.id AND state = 'attached'
      )
      UPDATE jobs SET owner = NULL, lease_until = NULL, revision = revision + 1,
        changed = pg_current_xact_id(),
        fence = fence + CASE WHEN attempts >= :max THEN 1 ELSE 0 END,
        state = CASE WHEN attempts >= :max THEN 'dead' ELSE 'waiting' END,
        finished_at = CASE WHEN attempts >= :max THEN now() END,
        reason = CASE WHEN attempts >= :max THEN 'worker-lost' END,
        detail = 'the instance that worked on it went away'
      FROM lost WHERE jobs.id = lost.id AND jobs.state = 'running'
      RETURNING jobs.id, jobs.caller, jobs.state\
      """;

  /// Gives back what an instance still holds, but for what is just being settled.
  private static final String LET_GO =
      """
      UPDATE jobs SET state = 'waiting', attempts = attempts - 1, owner = NULL, lease_until = NULL,
        fence = fence + 1, revision = revision + 1, changed = pg_current_xact_id()
      WHERE id IN (
        SELECT id FROM jobs WHERE owner = :owner AND state = 'running' FOR UPDATE SKIP LOCKED)
      RETURNING caller\
      """;

  /// Gives back what an instance has and nobody there holds, but for what is just being changed.
  /// Others come first: what went wrong may go wrong again.
  private static final String GIVE_BACK =
      """
      UPDATE jobs SET state = 'waiting', attempts = attempts - 1,
        not_before = now() + interval '1 s', owner = NULL, lease_until = NULL,
        fence = fence + 1, revision = revision + 1, changed = pg_current_xact_id()
      WHERE id IN (
        SELECT id FROM jobs WHERE owner = :owner AND state = 'running'
          AND NOT EXISTS (SELECT FROM unnest(:ids, :fences) AS held(id, fence)
            WHERE held.id = jobs.id AND held.fence = jobs.fence)
        FOR UPDATE SKIP LOCKED)
      RETURNING id, caller, state\
      """;

  private static final String CANCEL =
      """
      UPDATE jobs SET state = 'cancelled', finished_at = now(), reason = 'cancelled',
        detail = :detail, fence = fence + 1, owner = NULL, lease_until = NULL,
        revision = revision + 1, changed = pg_current_xact_id()
      WHERE id = :id\
      """;

  private static final String REPLAY =
      """
      UPDATE jobs SET state = 'waiting', attempts = 0, not_before = now(), finished_at = NULL,
        reason = NULL, detail = NULL, status = NULL, backend = NULL, fence = fence + 1,
        answered = CASE WHEN answered >= 400 THEN 202 ELSE answered END,
        revision = revision + 1, changed = pg_current_xact_id()
      WHERE id = :id\
      """;

  /// Looks at each study by itself, so that what one keeps for long is not passed over each time,
  /// and notes up to where in the order of changes something is missing from then on.
  private static final String FORGET =
      """
      WITH RECURSIVE studies AS (
        (SELECT coalesce(study, '') AS study FROM jobs WHERE finished_at IS NOT NULL
          ORDER BY coalesce(study, '') LIMIT 1)
        UNION ALL
        SELECT (SELECT coalesce(study, '') FROM jobs
          WHERE finished_at IS NOT NULL AND coalesce(study, '') > studies.study
          ORDER BY coalesce(study, '') LIMIT 1)
        FROM studies WHERE studies.study IS NOT NULL
      ), old AS (
        SELECT next.id FROM studies
        LEFT JOIN unnest(:studies, :own) AS keep(study, millis) ON keep.study = studies.study
        CROSS JOIN LATERAL (
          SELECT id FROM jobs
          WHERE finished_at IS NOT NULL AND coalesce(jobs.study, '') = studies.study
            AND finished_at < now() - coalesce(keep.millis, :after) * interval '1 ms'
          ORDER BY finished_at LIMIT :most FOR UPDATE SKIP LOCKED) next
        WHERE studies.study IS NOT NULL LIMIT :most
      ), gone AS (
        DELETE FROM jobs WHERE id IN (SELECT id FROM old)
        RETURNING id, caller, coalesce(study, '') AS study, changed
      ), noted AS (
        INSERT INTO job_removals AS noted (caller, study, changed, id)
        SELECT DISTINCT ON (caller, study) caller, study, changed, id FROM gone
        ORDER BY caller, study, changed DESC, id DESC
        ON CONFLICT (caller, study) DO UPDATE SET changed = excluded.changed, id = excluded.id
        WHERE (noted.changed, noted.id) < (excluded.changed, excluded.id)
      )
      SELECT count(*) FROM gone\
      """;

  private final Table table;

  JobDao(Jdbi jdbi) {
    this.table = new Table(jdbi, "jobs");
  }

  /// What a claim brought.
  ///
  /// @param isContended whether others were just claiming some of what is there, so that there may
  ///     be more
  record Claims(List<Claim> claims, boolean isContended) {}

  /// A job that was taken from its holder.
  record TakenBack(UUID id, String caller, JobState state) {}

  Optional<Job> find(UUID id) {
    return table.with(handle ->
        handle
            .createQuery(COLUMNS + " WHERE id = :id")
            .bind("id", id)
            .map((row, context) -> job(row))
            .findOne());
  }

  /// A job by its idempotency key.
  ///
  /// @param over whether the job has ended, and the key's time after that, too
  record Keyed(Job job, boolean over) {}

  /// Gives the job that has a caller's idempotency key.
  ///
  /// @param after how long a key is kept after the job's end
  Optional<Keyed> find(String caller, String key, Duration after) {
    return table.with(handle ->
        handle
            .createQuery(KEYED)
            .bind("caller", caller)
            .bind("key", key)
            .bind("after", after.toMillis())
            .map((row, context) -> new Keyed(job(row), row.getBoolean("over")))
            .findOne());
  }

  /// Gives those of a caller's jobs that are there, the largest results left out where all of them
  /// together are too large.
  ///
  /// @param resultBytesMax how many bytes of results at most
  List<Job> find(String caller, Collection<UUID> ids, long resultBytesMax) {
    return table.with(handle ->
        handle
            .createQuery(QUERY)
            .bind("caller", caller)
            .bind("bytes", resultBytesMax)
            .bindArray("ids", UUID.class, ids)
            .map((row, context) -> job(row))
            .list());
  }

  /// Gives jobs that were given up, by id.
  ///
  /// @param caller whose, or `null` for all
  /// @param after the last one before these
  /// @param most how many at most
  List<Job> dead(@Nullable String caller, UUID after, int most) {
    return table.with(handle ->
        handle
            .createQuery(
                COLUMNS_BUT_RESULT
                    + " FROM jobs WHERE state = 'dead' AND id > :after AND (CAST(:caller AS text)"
                    + " IS NULL OR caller = :caller) ORDER BY id LIMIT :most")
            .bind("caller", caller)
            .bind("after", after)
            .bind("most", most)
            .map((row, context) -> job(row))
            .list());
  }

  /// Gives those of the jobs that have ended.
  List<UUID> ended(Collection<UUID> ids) {
    return table.with(handle ->
        handle
            .createQuery("SELECT id FROM jobs WHERE id = ANY(:ids) AND finished_at IS NOT NULL")
            .bindArray("ids", UUID.class, ids)
            .mapTo(UUID.class)
            .list());
  }

  /// Lets the idempotency key of a job that has ended go, if its time is over, and tells whether
  /// there was one.
  boolean forgetKey(String caller, String key, Duration after) {
    return table.with(handle ->
        handle
                .createUpdate(
                    "UPDATE jobs SET idempotency_key = NULL"
                        + " WHERE caller = :caller AND idempotency_key = :key AND "
                        + KEY_IS_OVER)
                .bind("caller", caller)
                .bind("key", key)
                .bind("after", after.toMillis())
                .execute()
            > 0);
  }

  /// Settles what the first answer under a key is, if nobody has, and gives what it is.
  int answer(UUID id, int status) {
    return table.with(handle ->
        handle
            .createQuery(
                """
                UPDATE jobs SET answered = coalesce(answered, :status) WHERE id = :id
                RETURNING answered\
                """)
            .bind("id", id)
            .bind("status", status)
            .mapTo(Integer.class)
            .findOne()
            .orElse(status));
  }

  /// Calls a job off if it is waiting or running, writes that down in the same transaction, and
  /// tells whether it was.
  ///
  /// @param record gives the row, by the state that the job was in
  boolean cancel(UUID id, String detail, Function<JobState, ChangeRow> record) {
    return change(
        id,
        List.of(JobState.WAITING, JobState.RUNNING),
        record,
        handle -> handle.createUpdate(CANCEL).bind("detail", detail));
  }

  private boolean change(
      UUID id,
      Collection<JobState> from,
      Function<JobState, ChangeRow> record,
      Function<Handle, Update> change) {
    return table.with(handle ->
        handle.inTransaction(own -> {
          Optional<JobState> state =
              own.createQuery("SELECT state FROM jobs WHERE id = :id FOR UPDATE")
                  .bind("id", id)
                  .mapTo(String.class)
                  .findOne()
                  .map(JobState::of)
                  .filter(from::contains);
          if (state.isEmpty()) {
            return false;
          }
          change.apply(own).bind("id", id).execute();
          CHANGES.insert(own, List.of(record.apply(state.get())));
          return true;
        }));
  }

  /// Lets a job that has ended without a result wait again, and tells whether it had ended so. What
  /// was answered at first under its key stays, but for a refusal of the model: that is not its
  /// end any more, and whoever asks again is told that it is accepted.
  ///
  /// @param from the states in which it may be
  /// @param record gives the row that is written in the same transaction, by the state before
  boolean replay(UUID id, Collection<JobState> from, Function<JobState, ChangeRow> record) {
    return change(id, from, record, handle -> handle.createUpdate(REPLAY));
  }

  /// Gives how large the input of a job is, or nothing if the job is gone.
  Optional<Integer> inputBytes(UUID id) {
    return table.with(handle ->
        handle
            .createQuery("SELECT octet_length(input) FROM jobs WHERE id = :id")
            .bind("id", id)
            .mapTo(Integer.class)
            .findOne());
  }

  /// Claims jobs of one class that wait for a model version.
  ///
  /// @param room how many at most
  Claims claim(
      String model, String version, Criticality criticality, int room, UUID owner, Duration lease) {
    return table.with(handle ->
        handle
            .createQuery(CLAIM)
            .bind("model", model)
            .bind("version", version)
            .bind("criticality", criticality.rank())
            .bind("room", room)
            .bind("owner", owner)
            .bind("lease", lease.toMillis())
            .scanResultSet((rows, context) -> claims(rows.get())));
  }

  private static Claims claims(ResultSet rows) throws SQLException {
    List<Claim> claims = new ArrayList<>();
    long found = 0;
    while (rows.next()) {
      found = rows.getLong("found");
      if (rows.getObject("id") != null) {
        claims.add(claim(rows));
      }
    }
    return new Claims(claims, claims.size() < found);
  }

  /// Keeps jobs for another lease time, but for those that are just being changed.
  void renew(Collection<UUID> ids, UUID owner, Duration lease) {
    table.with(handle ->
        handle
            .createUpdate(RENEW)
            .bindArray("ids", UUID.class, ids)
            .bind("owner", owner)
            .bind("lease", lease.toMillis())
            .execute());
  }

  /// Gives those of the jobs on which work is in vain: they are gone, have ended, or were claimed
  /// anew. One that was only taken back, since its lease was renewed too late, is not lost: as long
  /// as nobody else has begun it, its answer still counts.
  List<UUID> lost(Map<UUID, HeldJobs.Hold> held) {
    return table.with(handle ->
        bindHeld(
                handle.createQuery(
                    """
                    SELECT id FROM unnest(:ids, :fences) AS held(id, fence)
                    WHERE NOT EXISTS (SELECT FROM jobs
                      WHERE jobs.id = held.id AND jobs.fence = held.fence
                        AND state IN ('running', 'attached', 'waiting'))\
                    """),
                held)
            .mapTo(UUID.class)
            .list());
  }

  private static Query bindHeld(Query query, Map<UUID, HeldJobs.Hold> held) {
    List<Map.Entry<UUID, HeldJobs.Hold>> all = List.copyOf(held.entrySet());
    return query
        .bindArray("ids", UUID.class, all.stream().map(Map.Entry::getKey).toList())
        .bindArray(
            "fences", Long.class, all.stream().map(hold -> hold.getValue().fence()).toList());
  }

  /// Takes jobs from holders whose lease has run out.
  ///
  /// @param attemptsMax after how many attempts a job is dead
  List<TakenBack> takeBack(int attemptsMax) {
    return table.with(handle ->
        handle
            .createQuery(TAKE_BACK)
            .bind("max", attemptsMax)
            .map((row, context) -> takenBack(row))
            .list());
  }

  /// Gives back, uncounted, what an instance has claimed and does not hold, and gives what that
  /// was.
  ///
  /// @param held what it holds, read after the end of its last claim
  List<TakenBack> giveBack(UUID owner, Map<UUID, HeldJobs.Hold> held) {
    return table.with(handle ->
        bindHeld(handle.createQuery(GIVE_BACK), held)
            .bind("owner", owner)
            .map((row, context) -> takenBack(row))
            .list());
  }

  private static TakenBack takenBack(ResultSet row) throws SQLException {
    return new TakenBack(
        row.getObject("id", UUID.class),
        row.getString("caller"),
        JobState.of(row.getString("state")));
  }

  /// Deletes jobs that ended long ago, and gives how many.
  ///
  /// @param after how long ago, for studies that are not in `byStudy`
  /// @param most how many at most
  int forget(Duration after, Map<String, Duration> byStudy, int most) {
    List<Map.Entry<String, Duration>> own = List.copyOf(byStudy.entrySet());
    return table.with(handle ->
        handle
            .createQuery(FORGET)
            .bind("after", after.toMillis())
            .bindArray("studies", String.class, own.stream().map(Map.Entry::getKey).toList())
            .bindArray(
                "own", Long.class, own.stream().map(keep -> keep.getValue().toMillis()).toList())
            .bind("most", most)
            .mapTo(Integer.class)
            .one());
  }

  /// Lets go of all claims of an instance, and gives whose jobs they were.
  Set<String> letGo(UUID owner) {
    return table.with(handle ->
        Set.copyOf(handle.createQuery(LET_GO).bind("owner", owner).mapTo(String.class).set()));
  }

  private static Claim claim(ResultSet row) throws SQLException {
    return new Claim(
        row.getObject("id", UUID.class),
        row.getLong("fence"),
        row.getString("caller"),
        row.getString("study"),
        row.getString("model"),
        row.getString("model_version"),
        CLASSES[row.getInt("criticality")],
        row.getInt("attempts"),
        row.getBytes("input"),
        row.getString("traceparent"));
  }

  /// Gives the job of a row.
  static Job job(ResultSet row) throws SQLException {
    JobState state = JobState.of(row.getString("state"));
    OffsetDateTime endedAt = row.getObject("finished_at", OffsetDateTime.class);
    return new Job(
        row.getObject("id", UUID.class),
        row.getString("caller"),
        new Submission(
            row.getString("model"),
            row.getString("model_version"),
            row.getString("study"),
            row.getString("site"),
            row.getString("subject"),
            NONE),
        CLASSES[row.getInt("criticality")],
        row.getObject("created_at", OffsetDateTime.class).toInstant(),
        state,
        row.getInt("attempts"),
        row.getLong("revision"),
        endedAt == null ? null : endedAt.toInstant(),
        endedAt == null ? null : ending(state, row),
        new Job.FirstAnswer(
            HexFormat.of().formatHex(row.getBytes("body_sha256")),
            row.getInt("answered"),
            row.getBoolean("pending")));
  }

  private static Ending ending(JobState state, ResultSet row) throws SQLException {
    return new Ending(
        state,
        row.getInt("status"),
        row.getString("reason"),
        row.getString("detail"),
        row.getString("backend"),
        row.getBytes("result"));
  }
}
