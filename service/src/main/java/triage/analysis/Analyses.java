package triage.analysis;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import triage.gateway.AsyncIntake;
import triage.gateway.ModelCall;
import triage.gateway.NativeCall;
import triage.gateway.Refusal;
import triage.gateway.RefusedException;
import triage.gateway.Sha256;
import triage.gateway.Target;
import triage.identity.Caller;
import triage.identity.Role;
import triage.store.StoreException;

/// Takes analyses in: answers at once, or accepts a job and answers later.
///
/// An answer at once comes from the model, is kept as a job that has ended, and is sent after that
/// is committed; where none comes the submission leaves nothing behind. A job is acknowledged after
/// its commit and before anybody may shed it.
///
/// Under an idempotency key a submission has one row, whatever happens: the store refuses a second.
///
/// A large answer that can be had again, or later, is given where there is [room][AnswerRoom] for
/// it; the one for which a model was asked at once always is.
///
/// **Threads**: safe for use by several threads, which it blocks.
final class Analyses {
  /// Whoever is later than that finds that another has settled what the first answer is.
  private static final Duration ANSWER_GRACE = Duration.ofSeconds(2);

  private static final long RETRY_NANOS = 1_000_000_000L;

  private final JobBook book;
  private final Dispatcher dispatcher;
  private final ModelCall models;
  private final AnalysisSettings settings;
  private final Submissions submissions;
  private final AnswerRoom answers;
  private final Comeback comeback;
  private final InstantSource wallClock;

  Analyses(
      JobBook book,
      Dispatcher dispatcher,
      ModelCall models,
      AnalysisSettings settings,
      AnswerRoom answers,
      Comeback comeback,
      InstantSource wallClock) {
    this.book = book;
    this.dispatcher = dispatcher;
    this.models = models;
    this.settings = settings;
    this.submissions = new Submissions(models);
    this.answers = answers;
    this.comeback = comeback;
    this.wallClock = wallClock;
  }

  /// What is known of a submission once it has been read.
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  private record Request(
      NativeCall call, Target target, Submission pinned, @Nullable String key, byte[] digest) {
    Caller caller() {
      return call.caller();
    }
  }

  /// Answers a submission.
  ///
  /// @param body its whole body
  /// @throws RefusedException if it cannot be taken, with what to do
  Reply submit(NativeCall call, byte[] body) throws RefusedException {
    Caller caller = call.caller();
    require(caller, Role.REQUEST);
    String key = IdempotencyKey.of(call.headers(IdempotencyKey.HEADER));
    Preference preference = preference(call);
    Submission asked = submissions.read(caller, body, SubmissionReader.BODY);
    book.requireIntake();
    byte[] digest = Sha256.of(body);
    if (key != null) {
      Optional<Job> earlier = earlier(caller, key);
      if (earlier.isPresent()) {
        return repeated(call, earlier.get(), digest);
      }
    }
    Target target = submissions.target(asked);
    Submission pinned = asked.pinnedTo(target.version());
    Request request = new Request(call, target, pinned, key, digest);
    if (call.isByReserve()) {
      return accept(request, Duration.ZERO);
    }
    return preference.async() ? accept(request, preference.deferral()) : answer(request);
  }

  /// Accepts an inference as a job, and gives what its caller learns once it is committed, or once
  /// it has ended, if that is within the time that the caller would wait.
  ///
  /// @throws RefusedException 400 if it is not JSON or comes with a key, 413 if it is too large,
  ///     503 if the store does not take it
  AsyncIntake.Outcome accept(AsyncIntake.Inference asked, NativeCall call) throws RefusedException {
    requireNoKey(call);
    Preference preference = Preference.of(call.headers("Prefer"), settings.waitMax());
    byte[] body = asked.body();
    if (body.length > settings.bodyBytesMax()) {
      throw new RefusedException(
          new Refusal(
              413,
              null,
              0,
              "the body is larger than " + settings.bodyBytesMax() + " bytes, the most for later"));
    }
    SubmissionReader.checkInference(body);
    asked.target().check(body);
    UUID id = book.newId();
    try {
      book.add(
          new NewJob(
              id,
              asked.caller().name(),
              new Submission(
                  asked.target().name(), asked.target().version(), null, null, null, body),
              asked.criticality(),
              JobState.WAITING,
              null,
              Sha256.of(body),
              Submissions.traceparent(asked.traceparent()),
              null,
              202,
              ANSWER_GRACE,
              settings.claimFor(),
              null,
              null,
              0));
    } catch (StoreException e) {
      throw JobBook.intakeFull();
    }
    book.tellOfWork();
    Duration wait = call.isByReserve() ? Duration.ZERO : preference.deferral();
    Optional<Job> seen = wait.isPositive() ? seen(call, id, wait) : Optional.empty();
    Ending ending = seen.map(Job::ending).orElse(null);
    String applied = Preference.applied(false, wait);
    if (ending != null
        && ending.result() != null
        && answers.isTaken(call, ending.result().length)) {
      return new AsyncIntake.Answered(id, applied, ending.backend(), ending.result());
    }
    if (ending != null && ending.state() == JobState.FAILED) {
      String said = Objects.requireNonNullElse(ending.detail(), "the model refused the content");
      return new AsyncIntake.Refused(
          id,
          applied,
          new Refusal(Math.max(400, ending.status()), Endings.BACKEND_REFUSED, 0, said));
    }
    Target target = asked.target();
    return new AsyncIntake.Accepted(
        id, Preference.applied(true, wait), comeback.seconds(target.name(), target.version()));
  }

  /// Whoever sends a key relies on it.
  private static void requireNoKey(NativeCall call) throws RefusedException {
    if (!call.headers(IdempotencyKey.HEADER).isEmpty()) {
      throw new RefusedException(
          Refusal.badRequest(
              "Idempotency-Key holds under /api/v1 only; send the inference as an analysis to"
                  + " /api/v1/analyses, or leave the key out"));
    }
  }

  /// Gives a job as it is after a wait, or nothing where the store does not tell in time: it is
  /// accepted all the same.
  private Optional<Job> seen(NativeCall call, UUID id, Duration wait) {
    try {
      return book.waits().await(call, id, wait);
    } catch (StoreException _) {
      return Optional.empty();
    }
  }

  static void require(Caller caller, Role role) throws RefusedException {
    if (!caller.may(role)) {
      throw new RefusedException(
          new Refusal(
              403,
              null,
              0,
              "your token lacks the role `" + role.wire() + "`; ask the operator for one with it"));
    }
  }

  private Preference preference(NativeCall call) throws RefusedException {
    List<String> headers = call.headers("Prefer");
    String otherwise = settings.defaultPrefer().get(call.caller().name());
    return Preference.of(
        headers.isEmpty() && otherwise != null ? List.of(otherwise) : headers, settings.waitMax());
  }

  private Optional<Job> earlier(Caller caller, String key) {
    Optional<JobDao.Keyed> found = keyed(caller, key);
    if (found.isEmpty() || !found.get().over()) {
      return found.map(JobDao.Keyed::job);
    }
    if (book.dao().forgetKey(caller.name(), key, settings.keyFor())) {
      return Optional.empty();
    }
    // Another submission let it go meanwhile, and may have taken it.
    return keyed(caller, key).map(JobDao.Keyed::job);
  }

  private Optional<JobDao.Keyed> keyed(Caller caller, String key) {
    return book.dao().find(caller.name(), key, settings.keyFor());
  }

  /// Accepts a job, and gives its result if that is there in time.
  private Reply accept(Request request, Duration wait) throws RefusedException {
    UUID id = book.newId();
    boolean deferral = wait.isPositive();
    NewJob job = newJob(request, id, JobState.WAITING, deferral ? 0 : 202, wait, null);
    Optional<Reply> repeated = add(job, request);
    if (repeated.isPresent()) {
      return repeated.get();
    }
    book.tellOfWork();
    if (!deferral) {
      return accepted(id, request.pinned(), wait);
    }
    try {
      return deferred(request, id, wait);
    } catch (StoreException e) {
      if (request.key() != null) {
        // What the first answer is must be written before it is given.
        throw JobBook.intakeFull();
      }
      return accepted(id, request.pinned(), wait);
    }
  }

  private Reply accepted(UUID id, Submission asked, Duration waited) {
    return Reply.accepted(
        id, comeback.seconds(asked.model(), String.valueOf(asked.version())), waited);
  }

  private Reply deferred(Request request, UUID id, Duration wait) throws RefusedException {
    Optional<Reply> over =
        book.waits()
            .await(request.call(), id, wait)
            .filter(job -> Reply.statusOf(job) != 202)
            .map(Reply::over)
            .filter(reply -> hasRoom(request.call(), reply));
    int status = over.map(Reply::status).orElse(202);
    if (request.key() != null) {
      status = book.dao().answer(id, status);
    }
    if (status == 202) {
      return accepted(id, request.pinned(), wait);
    }
    Reply reply = over.isPresent() ? over.get() : ended(request.call(), id, Optional.empty());
    return reply.after(wait);
  }

  /// Takes room for an answer. Who may not ask for the job would not get it otherwise.
  private boolean hasRoom(NativeCall call, Reply reply) {
    int length = reply.body().length;
    if (call.caller().may(Role.READ)) {
      return answers.isTaken(call, length);
    }
    answers.add(call, length);
    return true;
  }

  /// Gives the answer of a job whose first answer is its end. What was read of it may be older.
  private Reply ended(NativeCall call, UUID id, Optional<Job> seen) throws RefusedException {
    Reply reply =
        Reply.over(
            seen.filter(job -> job.state().isFinal())
                .or(() -> book.dao().find(id).filter(job -> job.state().isFinal()))
                .orElseThrow(JobBook::intakeFull));
    answers.take(call, reply.body().length);
    return reply;
  }

  /// Writes a new job; gives the answer of an earlier one if its key was taken meanwhile.
  private Optional<Reply> add(NewJob job, Request request) throws RefusedException {
    book.add(job);
    if (request.key() == null) {
      return Optional.empty();
    }
    Optional<Job> found = keyed(request.caller(), request.key()).map(JobDao.Keyed::job);
    if (found.filter(kept -> kept.id().equals(job.id())).isPresent()) {
      return Optional.empty();
    }
    book.giveBack(job);
    return Optional.of(
        repeated(request.call(), found.orElseThrow(JobBook::intakeFull), request.digest()));
  }

  /// Answers at once, or says why not.
  private Reply answer(Request request) throws RefusedException {
    Duration patience = request.target().patience(request.call().header("Request-Timeout"));
    UUID id = book.newId();
    if (request.key() == null) {
      try (IntakeRoom.Reservation _ =
          book.reserve(request.caller().name(), request.pinned(), request.call().criticality())) {
        return attended(request, id, patience, new CompletableFuture<>());
      }
    }
    NewJob job = newJob(request, id, JobState.ATTACHED, 0, patience, null);
    Optional<Reply> repeated = add(job, request);
    if (repeated.isPresent()) {
      return repeated.get();
    }
    HeldJobs.Hold held = dispatcher.hold(id);
    boolean kept = false;
    try {
      Reply reply = attended(request, id, patience, held.gone());
      kept = true;
      return reply;
    } finally {
      if (!kept) {
        release(job);
      }
      dispatcher.letGo(id, held);
    }
  }

  /// Lets the key go. Where that is not committed in time, the end of the lease does it; while the
  /// store takes nothing there is no waiting for it.
  private void release(NewJob job) {
    CompletableFuture<Void> released = book.release(job);
    try {
      book.requireIntake();
      JobBook.await(released);
    } catch (RefusedException _) {
      // What the caller is told already says to try again.
    }
  }

  /// Has the model answer, while the caller waits.
  ///
  /// @param lost completes when the answer can be kept no more: its row, and the key, are gone
  private Reply attended(
      Request request, UUID id, Duration patience, CompletableFuture<@Nullable Void> lost)
      throws RefusedException {
    CompletableFuture<@Nullable Void> gone = new CompletableFuture<>();
    var _ = lost.thenRun(() -> gone.complete(null));
    ModelCall.Order order =
        new ModelCall.Order(
            request.target(),
            request.caller().name(),
            request.pinned().study(),
            request.call().criticality(),
            request.call().arrivedNanos() + patience.toNanos(),
            request.pinned().input(),
            Submissions.traceparent(request.call().header("traceparent")));
    ModelCall.Answer answer;
    try (NativeCall.Watch _ = request.call().watch(() -> gone.complete(null))) {
      answer = models.call(order, gone);
    }
    return switch (answer) {
      case ModelCall.Given given -> {
        Ending ending = Endings.of(given);
        if (ending == null) {
          throw new RefusedException(
              new Refusal(
                  502, null, 0, "the model's answer is not JSON in UTF-8; its owner must mend it"));
        }
        Reply reply = keep(request, id, ending);
        answers.add(request.call(), reply.body().length);
        JobBook.await(given.recorded());
        yield reply;
      }
      case ModelCall.NotGiven not -> {
        JobBook.await(not.recorded());
        throw lost.isDone() ? JobBook.intakeFull() : new RefusedException(not.refusal());
      }
    };
  }

  /// Writes down what is about to be answered.
  private Reply keep(Request request, UUID id, Ending ending) throws RefusedException {
    if (request.key() == null) {
      book.add(newJob(request, id, ending.state(), 0, Duration.ZERO, ending));
      return Reply.over(committed(request, id, ending));
    }
    int status = ending.state() == JobState.DONE ? 200 : ending.status();
    JobBook.await(
        book.settle(new Settlement.Ended(id, 0, ending, status), request.caller().name()));
    Job kept =
        book.dao().find(id).filter(job -> job.state().isFinal()).orElseThrow(JobBook::intakeFull);
    return Reply.over(kept);
  }

  /// Gives a job that was committed with its end. Its times are the store's; where that does not
  /// answer now, the work is done all the same, and it is told with the times of this machine.
  private Job committed(Request request, UUID id, Ending ending) {
    try {
      Optional<Job> found = book.dao().find(id).filter(job -> job.state().isFinal());
      if (found.isPresent()) {
        return found.get();
      }
    } catch (StoreException _) {
      // What was written is known here, too.
    }
    Instant now = wallClock.instant();
    return new Job(
        id,
        request.caller().name(),
        request.pinned(),
        request.call().criticality(),
        now,
        ending.state(),
        0,
        1,
        now,
        ending,
        new Job.FirstAnswer(HexFormat.of().formatHex(request.digest()), 0, false));
  }

  /// Gives the first answer once more, or says that there is none yet.
  private Reply repeated(NativeCall call, Job job, byte[] digest) throws RefusedException {
    if (!job.answer().bodySha256().equals(HexFormat.of().formatHex(digest))) {
      throw new RefusedException(
          new Refusal(
              422,
              "idempotency-mismatch",
              0,
              "this Idempotency-Key was used for another body; use a new key for a new"
                  + " submission"));
    }
    int status = job.answer().status();
    boolean orphaned = status == 0 && job.state() != JobState.ATTACHED && !job.answer().pending();
    if (orphaned) {
      // Whoever was to give the first answer went away with its instance.
      status = book.dao().answer(job.id(), Reply.statusOf(job));
    }
    if (status == 202) {
      return accepted(job.id(), job.submission(), Duration.ZERO);
    }
    if (status > 0) {
      return ended(call, job.id(), Optional.of(job));
    }
    throw new RefusedException(
        new Refusal(
            409,
            "idempotency-running",
            RETRY_NANOS,
            "the first request with this Idempotency-Key is not answered yet; try again after"
                + " Retry-After"));
  }

  private NewJob newJob(
      Request request,
      UUID id,
      JobState state,
      int answered,
      Duration wait,
      @Nullable Ending ending) {
    return new NewJob(
        id,
        request.caller().name(),
        request.pinned(),
        request.call().criticality(),
        state,
        request.key(),
        request.digest(),
        Submissions.traceparent(request.call().header("traceparent")),
        state == JobState.ATTACHED ? dispatcher.owner() : null,
        answered,
        wait.plus(ANSWER_GRACE),
        settings.claimFor(),
        ending,
        null,
        0);
  }
}
