package triage.analysis;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import triage.gateway.NativeCall;
import triage.gateway.Refusal;
import triage.gateway.RefusedException;
import triage.gateway.Target;

/// One upload of a batch: makes each line a job or a refusal, in the order in which they come.
///
/// A line that an earlier upload of the same batch has brought is not taken again; that it is the
/// same is held by its digest. While the upload goes on it has the batch to itself, by a lease: one
/// that stands still for longer may be overtaken by another, and then ends.
///
/// **Threads**: confined to the request's thread, which it blocks.
final class Upload {
  /// What is read ahead of what earlier uploads have brought, in lines.
  private static final int KNOWN_PAGE = 1_000;

  private static final int REFUSED_MAX = 10_000;
  private static final int KICK_EACH = 256;
  private static final long BACKLOG_LOOK_NANOS = 50_000_000L;

  private final Batches.Rooms rooms;
  private final NativeCall call;
  private final Batch batch;
  private final UUID uploader;
  private final Lines lines;
  private final BatchIntake.UnderWay underWay;
  private final long knownTo;
  private long renewNanos;
  private long knownFrom;
  private Map<Long, BatchDao.Known> known = Map.of();
  private long lastLine;
  private long takenTo;
  private long notedTo;
  private boolean someMayBeGone;
  private boolean settled;
  private long count;
  private long refused;
  private final Map<JobCensus.Version, Long> brought = new HashMap<>();

  /// Makes an upload that has begun in the store.
  ///
  /// @param knownTo the last line that an earlier upload may have brought
  Upload(
      Batches.Rooms rooms, NativeCall call, Batch batch, UUID uploader, Lines lines, long knownTo) {
    this.rooms = rooms;
    this.call = call;
    this.batch = batch;
    this.uploader = uploader;
    this.underWay = new BatchIntake.UnderWay(batch.id(), uploader);
    this.lines = lines;
    this.knownTo = knownTo;
    this.renewNanos = rooms.clock().nanos() + thirdOfLease();
  }

  /// Waits for what was handed in, and gives the line up to which all have their outcome in the
  /// store.
  long settle() {
    if (!settled) {
      settled = true;
      try {
        underWay.await();
        takenTo = lastLine;
      } catch (RefusedException _) {
        // What was not committed in time is told of by the next upload.
      }
    }
    return takenTo;
  }

  /// Gives the line up to which the store has noted that all have their outcome, while this was the
  /// only upload.
  long notedTo() {
    return notedTo;
  }

  /// Gives how many jobs this upload has brought that no earlier one had, by what they wait for.
  Map<JobCensus.Version, Long> brought() {
    return Map.copyOf(brought);
  }

  /// Finds out whether a batch that was received is what comes once more.
  ///
  /// @throws RefusedException 422 if it is not
  /// @throws IOException if the body breaks off
  void compare(Batch.Whole whole) throws RefusedException, IOException {
    while (lines.skip()) {
      keepLease();
    }
    if (!Arrays.equals(lines.sha256OfAll(), whole.sha256())) {
      throw new RefusedException(
          new Refusal(
              422,
              "idempotency-mismatch",
              0,
              "this Idempotency-Key was used for another batch; use a new key for a new one"));
    }
  }

  /// Takes all lines, and gives what they were once all is committed.
  ///
  /// @throws RefusedException if that is not to be done to the end, with what to do
  /// @throws IOException if the body breaks off
  Batch.Whole receive() throws RefusedException, IOException {
    for (Lines.Line line = lines.next(); line != null; line = lines.next()) {
      keepLease();
      if (!line.isBlank()) {
        count++;
        take(line);
      } else if (earlier(line.number()) != null) {
        throw mismatch("line " + line.number() + " differs from");
      }
      lastLine = line.number();
    }
    if (count == 0) {
      throw refused(400, "there is no line in the body; send one submission a line");
    }
    if (lastLine < knownTo) {
      throw mismatch("the batch ends with line " + lastLine + ", before the end of");
    }
    underWay.await();
    takenTo = lastLine;
    Batch.Whole whole = new Batch.Whole(count, count - refused, refused, lines.sha256OfAll());
    if (!rooms.dao().finish(batch.id(), uploader, takenTo, whole)) {
      throw overtaken();
    }
    return whole;
  }

  private void take(Lines.Line line) throws RefusedException {
    BatchDao.Known earlier = earlier(line.number());
    if (earlier != null) {
      if (!Arrays.equals(earlier.sha256(), line.sha256())) {
        throw mismatch("line " + line.number() + " differs from");
      }
      if (earlier.refused()) {
        countRefused();
      }
      return;
    }
    if (line.number() <= batch.takenTo()) {
      requireThatSomeMayBeGone(line.number());
      return;
    }
    try {
      NewJob job = job(line);
      admit(() -> rooms.book().admit(job));
      handIn(job);
      Submission pinned = job.submission();
      brought.merge(
          new JobCensus.Version(pinned.model(), String.valueOf(pinned.version())), 1L, Long::sum);
    } catch (LineRefusedException e) {
      countRefused();
      refuse(RefusedLine.of(batch, line, e.refusal));
    }
    if (count % KICK_EACH == 0) {
      rooms.book().tellOfWork();
    }
  }

  /// Makes sure that a line may have had a job that was done, and has been deleted since: where it
  /// cannot have had one, nothing was on it when it came first.
  private void requireThatSomeMayBeGone(long line) throws RefusedException {
    someMayBeGone =
        someMayBeGone || rooms.dao().isOlder(batch.id(), rooms.settings().keptAtLeast());
    if (!someMayBeGone) {
      throw mismatch("line " + line + " differs from");
    }
  }

  private void countRefused() throws RefusedException {
    if (++refused > REFUSED_MAX) {
      throw refused(
          422,
          "more than "
              + REFUSED_MAX
              + " lines cannot be taken; mend what they have in common and send them as another"
              + " batch");
    }
  }

  private NewJob job(Lines.Line line) throws LineRefusedException {
    byte[] text = line.text();
    if (text == null) {
      throw new LineRefusedException(
          new Refusal(
              413,
              null,
              0,
              "the line is larger than " + rooms.settings().bodyBytesMax() + " bytes"));
    }
    Submission pinned;
    try {
      Submission asked = rooms.submissions().read(call.caller(), text, "the line");
      Target target = rooms.submissions().target(asked);
      pinned = asked.pinnedTo(target.version());
    } catch (RefusedException e) {
      throw new LineRefusedException(e.refusal());
    }
    return new NewJob(
        rooms.book().newId(),
        call.caller().name(),
        pinned,
        call.criticality(),
        JobState.WAITING,
        null,
        line.sha256(),
        Submissions.traceparent(call.header("traceparent")),
        null,
        202,
        Duration.ZERO,
        rooms.settings().lease(),
        null,
        batch.id(),
        line.number());
  }

  private void handIn(NewJob job) throws RefusedException {
    try {
      rooms.intake().take(job, underWay);
    } catch (RefusedException e) {
      rooms.book().giveBack(job);
      throw e;
    }
  }

  private void refuse(RefusedLine line) throws RefusedException {
    admit(() -> rooms.book().admitRefusal(line.caller(), call.criticality()));
    try {
      rooms.intake().refuse(line, underWay);
    } catch (RefusedException e) {
      rooms.book().giveBackRefusal(line.caller());
      throw e;
    }
  }

  /// Waits for room: as jobs are done, there is more. What is kept goes with time only, and is not
  /// waited for.
  private void admit(Admission row) throws RefusedException {
    long untilNanos = rooms.clock().nanos() + rooms.settings().waitMax().toNanos();
    while (true) {
      try {
        row.admit();
        return;
      } catch (RefusedException e) {
        if (!IntakeRoom.mayPassSoon(e.refusal())
            || rooms.clock().nanos() - untilNanos > 0
            || Thread.currentThread().isInterrupted()) {
          throw e;
        }
      }
      LockSupport.parkNanos(BACKLOG_LOOK_NANOS);
      keepLease();
    }
  }

  /// Gives what an earlier upload made of a line, or `null`.
  private BatchDao.@Nullable Known earlier(long line) {
    if (line > knownTo) {
      return null;
    }
    if (line >= knownFrom + KNOWN_PAGE || knownFrom == 0) {
      knownFrom = line;
      known = rooms.dao().known(batch.id(), line, line + KNOWN_PAGE - 1);
    }
    return known.get(line);
  }

  /// Notes now and then how far this has come, and ends where another upload has taken over.
  private void keepLease() throws RefusedException {
    if (rooms.book().waiters().areSentAway()) {
      throw new RefusedException(
          new Refusal(
              503,
              "draining",
              1_000_000_000L,
              "this instance is going down; send the batch again, under its Idempotency-Key"));
    }
    long nowNanos = rooms.clock().nanos();
    if (nowNanos - renewNanos < 0) {
      return;
    }
    underWay.await();
    takenTo = lastLine;
    rooms.book().tellOfWork();
    if (!rooms.dao().renew(batch.id(), uploader, takenTo, rooms.settings().lease())) {
      throw overtaken();
    }
    notedTo = takenTo;
    renewNanos = nowNanos + thirdOfLease();
  }

  private long thirdOfLease() {
    return rooms.settings().lease().toNanos() / 3;
  }

  private static RefusedException overtaken() {
    return new RefusedException(
        new Refusal(
            409,
            "idempotency-running",
            Batches.RUNNING_RETRY_NANOS,
            "another upload with this Idempotency-Key took over"));
  }

  private static RefusedException mismatch(String what) {
    return new RefusedException(
        new Refusal(
            422,
            "idempotency-mismatch",
            0,
            what + " what was sent under this Idempotency-Key; use a new key for a new batch"));
  }

  private static RefusedException refused(int status, String message) {
    return new RefusedException(new Refusal(status, null, 0, message));
  }

  /// What asks for room for a row.
  @FunctionalInterface
  private interface Admission {
    void admit() throws RefusedException;
  }

  /// A line that cannot be taken; the next one may.
  private static final class LineRefusedException extends Exception {
    private static final long serialVersionUID = 1;
    private final transient Refusal refusal;

    private LineRefusedException(Refusal refusal) {
      super(refusal.message(), null, false, false);
      this.refusal = refusal;
    }
  }
}
