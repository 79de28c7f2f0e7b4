package triage.analysis;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import triage.audit.AuditTrail;
import triage.audit.ChangeRow;
import triage.gateway.NativeCall;
import triage.gateway.Refusal;
import triage.gateway.RefusedException;
import triage.identity.Caller;
import triage.identity.Role;

/// Tells callers of their jobs. A job of somebody else is not there.
///
/// **Threads**: safe for use by several threads, which it blocks.
final class Jobs {
  private static final Pattern ID =
      Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
  private static final int IDS_MAX = 200;

  /// How many bytes of results one answer holds.
  private static final long RESULT_BYTES_MAX = 4 << 20;

  private static final int REASON_MAX = 150;
  private static final byte[] NOTHING = new byte[0];
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final JobBook book;
  private final Dispatcher dispatcher;
  private final AuditTrail audit;
  private final AnalysisSettings settings;
  private final JobView view;

  Jobs(
      JobBook book,
      Dispatcher dispatcher,
      AuditTrail audit,
      AnalysisSettings settings,
      JobView view) {
    this.book = book;
    this.view = view;
    this.dispatcher = dispatcher;
    this.audit = audit;
    this.settings = settings;
  }

  /// Gives a job: at once, or with `Prefer: wait=N` once it has ended, N seconds later at most.
  ///
  /// @throws RefusedException 404 if there is none of that name for this caller
  Reply get(NativeCall call, String id) throws RefusedException {
    Analyses.require(call.caller(), Role.READ);
    UUID wanted = id(id);
    Duration patience = Preference.of(call.headers("Prefer"), settings.waitMax()).patience();
    return patience != null && patience.isPositive()
        ? get(call, wanted, patience).after(patience)
        : get(call, wanted, Duration.ZERO);
  }

  private Reply get(NativeCall call, UUID wanted, Duration patience) throws RefusedException {
    String held = call.header("If-None-Match");
    boolean waits = patience.isPositive();
    String tag = held == null || waits ? null : book.known().tag(wanted, call.caller());
    if (tag != null && names(held, tag)) {
      return unchanged(tag);
    }
    long before = book.known().before(wanted);
    Optional<Job> first = book.dao().find(wanted);
    Job job = visible(call.caller(), first);
    if (waits && !job.state().isFinal()) {
      before = book.known().before(wanted);
      job = visible(call.caller(), book.waits().await(call, wanted, patience));
    }
    String now = view.tag(job);
    if (held == null) {
      return new Reply(200, Reply.JSON, headers(now), view.json(job));
    }
    // Who asks with a tag asks again.
    book.known().keep(job, now, before);
    return names(held, now)
        ? unchanged(now)
        : new Reply(200, Reply.JSON, headers(now), view.json(job));
  }

  private static Reply unchanged(String tag) {
    return new Reply(304, Reply.JSON, headers(tag), NOTHING);
  }

  private static Map<String, String> headers(String tag) {
    return Map.of("ETag", tag, "Cache-Control", "private, no-cache");
  }

  /// Gives those of a list of jobs that there are for this caller. Where their results are too
  /// large together, the largest are left out, and the job says where to read it.
  ///
  /// @param body `{"ids": [...]}`
  /// @throws RefusedException 400 for anything else
  Reply query(NativeCall call, byte[] body) throws RefusedException {
    Analyses.require(call.caller(), Role.READ);
    List<Job> found =
        book.dao().find(call.caller().name(), ids(body), RESULT_BYTES_MAX).stream()
            .filter(job -> view.isFor(call.caller(), job))
            .toList();
    return new Reply(200, Reply.JSON, Map.of(), JobJson.jobs(found, view::isUnserved));
  }

  /// Calls a job off, for its owner or an operator, with a reason that goes on record.
  ///
  /// @param body `{"reason": "..."}`
  /// @throws RefusedException 409 if it has ended
  Reply cancel(NativeCall call, String id, byte[] body) throws RefusedException {
    Job job = governed(call.caller(), id);
    String reason = reason(body);
    Function<JobState, ChangeRow> record =
        record(call.caller(), job.id(), JobState.CANCELLED, reason);
    if (!book.dao().cancel(job.id(), reason, record)) {
      throw notNow(job, "waiting or running");
    }
    book.counts().ended(JobState.CANCELLED);
    dispatcher.giveUp(job.id());
    book.tell(job.id(), job.caller());
    return accepted(job.id());
  }

  /// Lets a job that was given up or called off be tried again, with a reason that goes on record.
  /// An operator may do so with one that the model refused, too: the refusal may have been the
  /// model's fault. It waits as a new one does, and takes the room of one.
  ///
  /// @param body `{"reason": "..."}`
  /// @throws RefusedException 409 if it has not ended so, 503 if there is no room for it
  Reply replay(NativeCall call, String id, byte[] body) throws RefusedException {
    Job job = governed(call.caller(), id);
    String reason = reason(body);
    boolean operator = call.caller().may(Role.OPERATE);
    String expected =
        operator ? "dead, cancelled or failed" : "dead or cancelled; operators replay failed ones";
    Set<JobState> from =
        operator
            ? EnumSet.of(JobState.DEAD, JobState.CANCELLED, JobState.FAILED)
            : EnumSet.of(JobState.DEAD, JobState.CANCELLED);
    Function<JobState, ChangeRow> record =
        record(call.caller(), job.id(), JobState.WAITING, reason);
    boolean waits = false;
    IntakeRoom.Reservation taken = book.admitAgain(job);
    try {
      waits = book.dao().replay(job.id(), from, record);
    } finally {
      if (!waits) {
        taken.close();
      }
    }
    if (!waits) {
      throw notNow(job, expected);
    }
    book.tellOfWork();
    book.tellChanged(job.id(), job.caller());
    return accepted(job.id());
  }

  private static Reply accepted(UUID id) {
    return new Reply(200, Reply.JSON, Map.of("Location", JobJson.path(id)), JobJson.accepted(id));
  }

  /// Gives a job that the caller may change: its own, or any where it may operate.
  private Job governed(Caller caller, String id) throws RefusedException {
    Optional<Job> found = book.dao().find(id(id));
    if (!caller.may(Role.OPERATE)) {
      Analyses.require(caller, Role.REQUEST);
      return visible(caller, found);
    }
    return found.orElseThrow(Jobs::notThere);
  }

  private Function<JobState, ChangeRow> record(
      Caller caller, UUID job, JobState to, String reason) {
    return from ->
        audit.changeRow(
            caller.name(), "job", job.toString(), from.wire(), to.wire() + ": " + reason);
  }

  private RefusedException notNow(Job job, String wanted) {
    JobState now = book.dao().find(job.id()).map(Job::state).orElse(job.state());
    return new RefusedException(
        new Refusal(409, null, 0, "the job is " + now.shown() + " (expected: " + wanted + ")"));
  }

  private static String reason(byte[] body) throws RefusedException {
    try (JsonParser json = JSON.createParser(body)) {
      boolean given =
          json.nextToken() == JsonToken.START_OBJECT
              && "reason".equals(json.nextFieldName())
              && json.nextToken() == JsonToken.VALUE_STRING;
      String reason = given ? json.getText().strip() : "";
      boolean printable = reason.codePoints().noneMatch(Character::isISOControl);
      boolean ended = given && json.nextToken() == JsonToken.END_OBJECT && json.nextToken() == null;
      if (ended && !reason.isEmpty() && reason.length() <= REASON_MAX && printable) {
        return reason;
      }
    } catch (IOException e) {
      throw badReason();
    }
    throw badReason();
  }

  private static RefusedException badReason() {
    return new RefusedException(
        Refusal.badRequest(
            "the body must be {\"reason\": \"...\"} with 1 to " + REASON_MAX + " characters"));
  }

  private Job visible(Caller caller, Optional<Job> job) throws RefusedException {
    return job.filter(found -> view.isFor(caller, found)).orElseThrow(Jobs::notThere);
  }

  private static boolean names(@Nullable String ifNoneMatch, String tag) {
    if (ifNoneMatch == null) {
      return false;
    }
    for (String listed : ifNoneMatch.split(",", 32)) {
      String bare = listed.strip();
      if (bare.equals("*") || bare.equals(tag) || bare.equals("W/" + tag)) {
        return true;
      }
    }
    return false;
  }

  /// Tells whether a text may be the id of a job or a batch.
  static boolean isId(String text) {
    return ID.matcher(text).matches();
  }

  /// Gives the id that a path names.
  ///
  /// @throws RefusedException 404 if it is none
  static UUID id(String text) throws RefusedException {
    if (!isId(text)) {
      throw notThere();
    }
    return UUID.fromString(text);
  }

  /// Gives what a caller learns of a job that is not there, or not for it.
  static RefusedException notThere() {
    return new RefusedException(
        new Refusal(404, null, 0, "there is no job of this id for your token; check both"));
  }

  private static List<UUID> ids(byte[] body) throws RefusedException {
    List<UUID> ids = new ArrayList<>();
    try (JsonParser json = JSON.createParser(body)) {
      boolean begun =
          json.nextToken() == JsonToken.START_OBJECT
              && "ids".equals(json.nextFieldName())
              && json.nextToken() == JsonToken.START_ARRAY;
      while (begun && json.nextToken() == JsonToken.VALUE_STRING && ids.size() < IDS_MAX) {
        String text = json.getText();
        if (!ID.matcher(text).matches()) {
          throw badQuery();
        }
        ids.add(UUID.fromString(text));
      }
      boolean ended =
          begun
              && json.currentToken() == JsonToken.END_ARRAY
              && json.nextToken() == JsonToken.END_OBJECT
              && json.nextToken() == null;
      if (ended) {
        return ids;
      }
    } catch (IOException e) {
      throw badQuery();
    }
    throw badQuery();
  }

  private static RefusedException badQuery() {
    return new RefusedException(
        Refusal.badRequest(
            "the body must be {\"ids\": [...]} with up to " + IDS_MAX + " ids of jobs"));
  }
}
