package triage.analysis;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;
import triage.gateway.NativeCall;
import triage.gateway.Refusal;
import triage.gateway.RefusedException;
import triage.gateway.RetryAfter;
import triage.identity.Role;
import triage.store.StoreException;
import triage.time.MonotonicClock;

/// Takes batches in, and tells what became of them. A batch of somebody else is not there.
///
/// **Threads**: safe for use by several threads, which it blocks.
final class Batches {
  /// When another upload under the same key may be over, or broken off.
  static final long RUNNING_RETRY_NANOS = 3_000_000_000L;

  private static final int COUNTS_MAX = 1_000;
  private static final Duration COUNTS_FOR = Duration.ofSeconds(1);

  private final Rooms rooms;
  private final UploadSlots slots = new UploadSlots();
  private final Cache<Counted, Map<String, Long>> counts;

  Batches(Rooms rooms) {
    this.rooms = rooms;
    this.counts =
        Caffeine.newBuilder()
            .maximumSize(COUNTS_MAX)
            .expireAfterWrite(COUNTS_FOR)
            .ticker(rooms.clock()::nanos)
            .build();
  }

  /// What batches are made with.
  ///
  /// @param dao what is not answered within 5 s fails
  /// @param counting for who has time
  record Rooms(
      JobBook book,
      BatchDao dao,
      BatchDao counting,
      BatchIntake intake,
      Submissions submissions,
      AnalysisSettings settings,
      MonotonicClock clock,
      RetryAfter retryAfter,
      Comeback comeback) {}

  /// What was counted: of a batch, the jobs of those studies.
  private record Counted(UUID batch, Set<String> studies) {}

  /// Takes a batch in, line by line.
  ///
  /// @param type the Content-Type, or `null`
  /// @throws RefusedException if nothing of it is taken
  /// @throws IOException if the body breaks off
  Reply submit(NativeCall call, @Nullable String type, InputStream body)
      throws RefusedException, IOException {
    Analyses.require(call.caller(), Role.REQUEST);
    String key = IdempotencyKey.of(call.headers(IdempotencyKey.HEADER));
    String caller = call.caller().name();
    slots.take(caller, call.criticality());
    try {
      call.leaveReserve();
      rooms.book().requireIntake();
      rooms.book().requireDisk(call.criticality());
      InputStream decoded = BatchBody.decoded(body, type, call.headers("Content-Encoding"));
      return receive(call, begin(call, key), decoded);
    } finally {
      slots.giveBack(caller);
    }
  }

  /// An upload that has the batch to itself until it lets go.
  private final class Begun {
    private final Batch batch;
    private final UUID uploader;
    private final boolean keyed;
    private boolean over;
    private boolean alone;

    private Begun(Batch batch, UUID uploader, boolean keyed) {
      this.batch = batch;
      this.uploader = uploader;
      this.keyed = keyed;
    }

    /// Lets another upload of the batch begin, and tells whether this one is known to have been the
    /// only one until now. Without a key it was, where the store does not answer: nobody overtakes
    /// it.
    private boolean letGo(long takenTo) {
      if (!over) {
        over = true;
        try {
          alone = rooms.dao().letGo(batch.id(), uploader, takenTo);
        } catch (StoreException _) {
          alone = !keyed; // The end of the lease lets another one begin.
        }
      }
      return alone;
    }
  }

  private Begun begin(NativeCall call, @Nullable String key) throws RefusedException {
    String caller = call.caller().name();
    UUID id = rooms.book().newId();
    UUID uploader = rooms.book().newId();
    if (key != null) {
      rooms.counting().forgetKey(caller, key, rooms.settings().keyFor());
    }
    Optional<Batch> begun = rooms.dao().begin(id, caller, key, uploader, rooms.settings().lease());
    Batch batch =
        begun.orElseThrow(() ->
            new RefusedException(
                new Refusal(
                    409,
                    "idempotency-running",
                    RUNNING_RETRY_NANOS,
                    "an upload with this Idempotency-Key is under way; try again after"
                        + " Retry-After")));
    if (batch.id().equals(id)) {
      admit(call, batch, uploader);
    }
    return new Begun(batch, uploader, key != null);
  }

  /// Takes a new batch in; where there is no room for it, nothing of it stays. One that is there is
  /// gone on with, however full its caller is.
  private void admit(NativeCall call, Batch batch, UUID uploader) throws RefusedException {
    try {
      rooms.book().admitBatch(batch.caller(), call.criticality());
    } catch (RefusedException e) {
      rooms.dao().drop(batch.id(), uploader);
      throw e;
    }
  }

  private Reply receive(NativeCall call, Begun begun, InputStream decoded) throws IOException {
    Batch batch = begun.batch;
    long bytesMax = rooms.settings().batchBytesMax();
    Lines lines = new Lines(decoded, (int) rooms.settings().bodyBytesMax(), bytesMax);
    long takenTo = batch.takenTo();
    @Nullable Upload upload = null;
    try {
      Batch.Whole whole = batch.whole();
      long knownTo = whole == null ? rooms.dao().lastLine(batch.id()) : 0;
      upload = new Upload(rooms, call, batch, begun.uploader, lines, Math.max(takenTo, knownTo));
      if (whole == null) {
        whole = upload.receive();
      } else {
        upload.compare(whole);
      }
      Map<String, String> headers = headers(batch);
      headers.put("Retry-After", String.valueOf(rooms.comeback().seconds(upload.brought())));
      return new Reply(202, Reply.JSON, headers, BatchJson.received(batch.id(), whole));
    } catch (RefusedException e) {
      return brokenOff(begun, e.refusal(), upload);
    } catch (Lines.TooLongException e) {
      String told = "the batch is larger than " + bytesMax + " bytes; send the rest as another one";
      return brokenOff(begun, new Refusal(413, null, 0, told), upload);
    } catch (ZipException e) {
      Refusal refusal = new Refusal(400, null, 0, "the body is not one whole gzip member");
      return brokenOff(begun, refusal, upload);
    } catch (StoreException e) {
      return brokenOff(begun, JobBook.intakeFull().refusal(), upload);
    } finally {
      rooms.book().tellOfWork();
      var _ = begun.letGo(upload == null ? takenTo : upload.settle());
    }
  }

  /// Tells how far an upload has come. What one has handed in that was overtaken may not have been
  /// taken, though the writer is done with it; what the store has noted was.
  private Reply brokenOff(Begun begun, Refusal refusal, @Nullable Upload upload) {
    Batch batch = begun.batch;
    long takenTo = batch.takenTo();
    if (upload != null) {
      long settled = upload.settle();
      takenTo = Math.max(takenTo, begun.letGo(settled) ? settled : upload.notedTo());
    }
    Map<String, String> headers = headers(batch);
    if (refusal.reason() != null) {
      headers.put("Triage-Reason", refusal.reason());
    }
    if (refusal.retryAfterNanos() > 0) {
      headers.put(
          "Retry-After", String.valueOf(rooms.retryAfter().seconds(refusal.retryAfterNanos())));
    }
    return new Reply(
        refusal.status(),
        Reply.PROBLEM,
        headers,
        BatchJson.brokenOff(batch.id(), refusal, takenTo));
  }

  private static Map<String, String> headers(Batch batch) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Location", BatchJson.path(batch.id()));
    return headers;
  }

  /// Tells how far a batch is.
  ///
  /// @throws RefusedException 404 if there is none of that id for this caller
  Reply get(NativeCall call, String id) throws RefusedException {
    Batch batch = visible(call, id);
    Map<String, Long> now =
        counts.get(
            new Counted(batch.id(), call.caller().studies()),
            counted -> rooms.counting().count(counted.batch(), counted.studies()));
    return new Reply(
        200, Reply.JSON, Map.of("Cache-Control", "private, no-cache"), BatchJson.batch(batch, now));
  }

  /// Tells what became of a batch's lines, a page at a time.
  ///
  /// @throws RefusedException 404 if there is none of that id for this caller
  Reply lines(NativeCall call, String id, LinePage page) throws RefusedException {
    Batch batch = visible(call, id);
    List<BatchDao.Outcome> outcomes =
        rooms.dao().outcomes(batch.id(), call.caller(), page.after(), page.state(), page.limit());
    Map<String, String> headers =
        outcomes.size() < page.limit()
            ? Map.of()
            : Map.of("Link", page.next(BatchJson.path(batch.id()), outcomes.getLast().line()));
    return new Reply(200, "application/x-ndjson", headers, BatchJson.outcomes(outcomes));
  }

  private Batch visible(NativeCall call, String id) throws RefusedException {
    Analyses.require(call.caller(), Role.READ);
    Optional<Batch> found =
        Jobs.isId(id) ? rooms.dao().find(UUID.fromString(id)) : Optional.empty();
    return found
        .filter(batch -> batch.caller().equals(call.caller().name()))
        .orElseThrow(() ->
            new RefusedException(
                new Refusal(
                    404, null, 0, "there is no batch of this id for your token; check both")));
  }
}
