package triage.analysis;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;
import triage.identity.Caller;
import triage.store.StoreException;
import triage.store.Table;

/// Reads and keeps batches. How old one is and whether an upload's time is over is said by the
/// store's clock alone.
///
/// **Errors**: a [StoreException] where the store does not answer.
///
/// **Threads**: safe for use by several threads, which it blocks.
final class BatchDao {
  private static final String COLUMNS =
      " id, caller, created_at, taken_to, coalesce(upload_until > now(), false) AS uploading,"
          + " lines, accepted, refused, body_sha256";

  /// A key that is there is this caller's, whose earlier upload broke off or came to its end.
  private static final String BEGIN =
      """
      INSERT INTO batches (id, caller, idempotency_key, created_at, uploader, upload_until)
      VALUES (:id, :caller, :key, now(), :uploader, now() + :lease * interval '1 ms')
      ON CONFLICT (caller, idempotency_key) WHERE idempotency_key IS NOT NULL
      DO UPDATE SET uploader = excluded.uploader, upload_until = excluded.upload_until
        WHERE batches.upload_until IS NULL OR batches.upload_until < now()
      RETURNING\
      """
          + COLUMNS;

  private static final String KNOWN =
      """
      SELECT batch_line AS line, body_sha256 AS sha256, false AS refused FROM jobs
        WHERE batch_id = :id AND batch_line BETWEEN :from AND :to
      UNION ALL
      SELECT line, line_sha256, true FROM batch_refusals
        WHERE batch_id = :id AND line BETWEEN :from AND :to\
      """;

  private static final String COUNT =
      "SELECT state, count(*) AS lines FROM jobs WHERE batch_id = :id";

  private static final String OF_STUDIES = " AND (study IS NULL OR study = ANY(:studies))";

  private static final String COUNT_BY_STATE =
      """
       GROUP BY state
      UNION ALL
      SELECT 'refused', count(*) FROM batch_refusals WHERE batch_id = :id\
      """;

  /// A caller sees no job of a study that its token does not cover.
  private static final String OUTCOMES =
      """
      (SELECT batch_line AS line, id, state, 0 AS status, NULL AS detail, NULL AS pointer
        FROM jobs
        WHERE batch_id = :id AND batch_line > :after AND :state <> 'refused'
          AND (:state = '' OR state = :state)
          AND (:all OR study IS NULL OR study = ANY(:studies))
        ORDER BY batch_line LIMIT :most)
      UNION ALL
      (SELECT line, NULL, 'refused', status, detail, pointer FROM batch_refusals
        WHERE batch_id = :id AND line > :after AND :state IN ('', 'refused')
        ORDER BY line LIMIT :most)
      ORDER BY line LIMIT :most\
      """;

  /// Looks at no more batches than it is told to, at each by the index of its jobs, and locks those
  /// that seem to have none: `OFFSET 0` keeps the planner from reading all jobs instead.
  private static final String FORGETTABLE =
      """
      WITH looked AS MATERIALIZED (
        SELECT id, created_at FROM batches
        WHERE (created_at, id) > (:from, :id) AND created_at < now() - :after * interval '1 ms'
        ORDER BY created_at, id LIMIT :most
      ), old AS (
        SELECT id FROM batches
        WHERE id IN (SELECT id FROM looked) AND coalesce(upload_until < now(), true)
          AND NOT EXISTS (SELECT FROM jobs WHERE batch_id = batches.id OFFSET 0)
        FOR UPDATE SKIP LOCKED
      )
      SELECT id, looked.created_at, old.id IS NOT NULL AS old
      FROM looked LEFT JOIN old USING (id) ORDER BY looked.created_at, looked.id\
      """;

  /// Before its batch was locked, an upload may have begun, brought a job, and let go: this sees
  /// it, and while it is locked no other begins.
  private static final String FORGET =
      """
      WITH old AS MATERIALIZED (
        SELECT id FROM batches WHERE id = ANY(:old)
          AND NOT EXISTS (SELECT FROM jobs WHERE batch_id = batches.id OFFSET 0)
      ), refusals AS (
        DELETE FROM batch_refusals USING old WHERE batch_id = old.id
      )
      DELETE FROM batches USING old WHERE batches.id = old.id\
      """;

  private final Table table;

  BatchDao(Jdbi jdbi) {
    this.table = new Table(jdbi, "batches");
  }

  /// What an earlier upload made of a line.
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Known(byte[] sha256, boolean refused) {}

  /// Where a batch stands among all of them, by age.
  record Place(OffsetDateTime at, UUID id) {
    private static final Place OLDEST =
        new Place(Instant.EPOCH.atOffset(ZoneOffset.UTC), new UUID(0, 0));
  }

  /// What became of a line.
  ///
  /// @param job its id, or `null` if the line was refused
  /// @param state the job's, or `refused`
  record Outcome(
      long line,
      @Nullable UUID job,
      String state,
      int status,
      @Nullable String detail,
      @Nullable String pointer) {}

  /// Begins an upload: of a new batch, or of one whose key is there; nothing if another upload of
  /// it is under way.
  Optional<Batch> begin(
      UUID id, String caller, @Nullable String key, UUID uploader, Duration lease) {
    return table.with(handle ->
        handle
            .createQuery(BEGIN)
            .bind("id", id)
            .bind("caller", caller)
            .bind("key", key)
            .bind("uploader", uploader)
            .bind("lease", lease.toMillis())
            .map((row, context) -> batch(row))
            .findOne());
  }

  /// Deletes a batch of which nothing was taken.
  void drop(UUID id, UUID uploader) {
    table.with(handle ->
        handle
            .createUpdate("DELETE FROM batches WHERE id = :id AND uploader = :uploader")
            .bind("id", id)
            .bind("uploader", uploader)
            .execute());
  }

  /// Lets a key go whose time is over. That begins once its upload and the last of its jobs have
  /// come to their end: whoever sends the lines again must not get them done twice. It reads the
  /// batch's jobs.
  ///
  /// @param after how long a key is kept
  void forgetKey(String caller, String key, Duration after) {
    table.with(handle ->
        handle
            .createUpdate(
                """
                UPDATE batches SET idempotency_key = NULL
                WHERE caller = :caller AND idempotency_key = :key
                  AND created_at < now() - :after * interval '1 ms'
                  AND body_sha256 IS NOT NULL AND coalesce(upload_until < now(), true)
                  AND NOT EXISTS (SELECT FROM jobs
                    WHERE batch_id = batches.id
                      AND coalesce(finished_at >= now() - :after * interval '1 ms', true)
                    OFFSET 0)\
                """)
            .bind("caller", caller)
            .bind("key", key)
            .bind("after", after.toMillis())
            .execute());
  }

  /// Gives the last line of which an earlier upload left an outcome.
  long lastLine(UUID id) {
    return table.with(handle ->
        handle
            .createQuery(
                """
                SELECT greatest(
                  (SELECT max(batch_line) FROM jobs WHERE batch_id = :id),
                  (SELECT max(line) FROM batch_refusals WHERE batch_id = :id), 0)\
                """)
            .bind("id", id)
            .mapTo(Long.class)
            .one());
  }

  /// Tells whether a batch began longer ago than that.
  boolean isOlder(UUID id, Duration than) {
    return table.with(handle ->
        handle
            .createQuery(
                """
                SELECT created_at < now() - :than * interval '1 ms' FROM batches WHERE id = :id\
                """)
            .bind("id", id)
            .bind("than", than.toMillis())
            .mapTo(Boolean.class)
            .one());
  }

  /// Gives the outcomes of earlier uploads by line, from one line to another.
  Map<Long, Known> known(UUID id, long from, long to) {
    return table.with(handle -> {
      Map<Long, Known> known = new HashMap<>();
      handle
          .createQuery(KNOWN)
          .bind("id", id)
          .bind("from", from)
          .bind("to", to)
          .map((row, context) ->
              known.put(
                  row.getLong("line"),
                  new Known(row.getBytes("sha256"), row.getBoolean("refused"))))
          .forEach(_ -> {});
      return known;
    });
  }

  /// Keeps an upload for another lease time, notes how far it has come, and tells whether it is
  /// still the only one of its batch.
  boolean renew(UUID id, UUID uploader, long line, Duration lease) {
    return table.with(handle ->
        handle
                .createUpdate(
                    """
                    UPDATE batches SET taken_to = greatest(taken_to, :line),
                      upload_until = now() + :lease * interval '1 ms'
                    WHERE id = :id AND uploader = :uploader\
                    """)
                .bind("id", id)
                .bind("uploader", uploader)
                .bind("line", line)
                .bind("lease", lease.toMillis())
                .execute()
            > 0);
  }

  /// Notes that an upload has come to its end, and tells whether it was still the only one.
  boolean finish(UUID id, UUID uploader, long line, Batch.Whole whole) {
    return table.with(handle ->
        handle
                .createUpdate(
                    """
                    UPDATE batches SET taken_to = greatest(taken_to, :line), lines = :lines,
                      accepted = :accepted, refused = :refused, body_sha256 = :sha256
                    WHERE id = :id AND uploader = :uploader\
                    """)
                .bind("id", id)
                .bind("uploader", uploader)
                .bind("line", line)
                .bind("lines", whole.lines())
                .bind("accepted", whole.accepted())
                .bind("refused", whole.refused())
                .bind("sha256", whole.sha256())
                .execute()
            > 0);
  }

  /// Notes how far an upload has come, lets another one of its batch begin, and tells whether it
  /// was still the only one.
  boolean letGo(UUID id, UUID uploader, long line) {
    return table.with(handle ->
        handle
                .createUpdate(
                    """
                    UPDATE batches SET taken_to = greatest(taken_to, :line), uploader = NULL,
                      upload_until = NULL
                    WHERE id = :id AND uploader = :uploader\
                    """)
                .bind("id", id)
                .bind("uploader", uploader)
                .bind("line", line)
                .execute()
            > 0);
  }

  Optional<Batch> find(UUID id) {
    return table.with(handle ->
        handle
            .createQuery("SELECT" + COLUMNS + " FROM batches WHERE id = :id")
            .bind("id", id)
            .map((row, context) -> batch(row))
            .findOne());
  }

  /// Counts what there is of a batch by state, `refused` among them.
  ///
  /// @param studies whose jobs are counted, beside those of no study
  Map<String, Long> count(UUID id, Set<String> studies) {
    boolean all = studies.equals(Caller.ALL_STUDIES);
    return table.with(handle -> {
      Map<String, Long> counts = new HashMap<>();
      // Where all are counted, the index alone says it.
      String count = COUNT + (all ? "" : OF_STUDIES) + COUNT_BY_STATE;
      Query query = handle.createQuery(count).bind("id", id);
      (all ? query : query.bindArray("studies", String.class, studies))
          .map((row, context) -> counts.put(row.getString("state"), row.getLong("lines")))
          .forEach(_ -> {});
      return counts;
    });
  }

  /// Gives what became of lines, in their order.
  ///
  /// @param after the line before the first that is given
  /// @param state only lines of this state; empty: all
  /// @param most how many at most
  List<Outcome> outcomes(UUID id, Caller caller, long after, String state, int most) {
    return table.with(handle ->
        handle
            .createQuery(OUTCOMES)
            .bind("id", id)
            .bind("after", after)
            .bind("state", state)
            .bind("all", caller.studies().equals(Caller.ALL_STUDIES))
            .bindArray("studies", String.class, caller.studies())
            .bind("most", most)
            .map((row, context) -> outcome(row))
            .list());
  }

  /// Looks at some batches, deletes those of which no job is left, and gives the last one that it
  /// looked at, or `null` if there are no more behind it.
  ///
  /// @param after how old they are at least
  /// @param from the one before them; `null`: from the oldest on
  /// @param most how many it looks at
  @Nullable Place forget(Duration after, @Nullable Place from, int most) {
    List<Looked> looked =
        table.with(handle ->
            handle.inTransaction(own -> {
              List<Looked> found = look(own, after, from, most);
              forget(own, found.stream().filter(Looked::isOld).map(Looked::id).toList());
              return found;
            }));
    return looked.size() < most ? null : looked.getLast().place();
  }

  /// A batch that was looked at.
  ///
  /// @param isOld whether it may go; then it is locked
  private record Looked(Place place, boolean isOld) {
    UUID id() {
      return place.id();
    }
  }

  private static List<Looked> look(Handle handle, Duration after, @Nullable Place from, int most) {
    Place last = from == null ? Place.OLDEST : from;
    return handle
        .createQuery(FORGETTABLE)
        .bind("after", after.toMillis())
        .bind("from", last.at())
        .bind("id", last.id())
        .bind("most", most)
        .map((row, context) ->
            new Looked(
                new Place(
                    row.getObject("created_at", OffsetDateTime.class),
                    row.getObject("id", UUID.class)),
                row.getBoolean("old")))
        .list();
  }

  /// Deletes those of the batches that have no job.
  ///
  /// @param old locked by this transaction
  static void forget(Handle handle, Collection<UUID> old) {
    if (!old.isEmpty()) {
      handle.createUpdate(FORGET).bindArray("old", UUID.class, old).execute();
    }
  }

  private static Batch batch(ResultSet row) throws SQLException {
    byte[] sha256 = row.getBytes("body_sha256");
    return new Batch(
        row.getObject("id", UUID.class),
        row.getString("caller"),
        row.getObject("created_at", OffsetDateTime.class).toInstant(),
        row.getLong("taken_to"),
        row.getBoolean("uploading"),
        sha256 == null
            ? null
            : new Batch.Whole(
                row.getLong("lines"), row.getLong("accepted"), row.getLong("refused"), sha256));
  }

  private static Outcome outcome(ResultSet row) throws SQLException {
    return new Outcome(
        row.getLong("line"),
        row.getObject("id", UUID.class),
        row.getString("state"),
        row.getInt("status"),
        row.getString("detail"),
        row.getString("pointer"));
  }
}
