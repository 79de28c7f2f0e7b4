package triage.gateway;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.eclipse.jetty.client.Request;
import org.eclipse.jetty.client.Response;
import org.eclipse.jetty.client.Result;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import triage.admission.Outcome;
import triage.backend.Attempt;
import triage.backend.HttpBackend;
import triage.backend.Pass;
import triage.backend.SelectorTurn;
import triage.backend.Turnstile;
import triage.time.AlarmClock;

/// One admitted request on its way to a model server and back, streamed both ways without being
/// looked into.
///
/// The exchange's thread waits for the end; what streams runs on Jetty's threads. The first of
/// three decides: the first byte of the answer's body (from then on it is relayed, whatever the
/// deadline says), the deadline, or the caller's going away. The answer's head alone decides
/// nothing: a server that streams may send it long before the first event.
///
/// **Threads**: made and awaited by the exchange's thread; [#callerGone()] may come from any.
final class HttpRelay {
  /// The reason of a model server's own refusal, which keeps its status and its body.
  static final String BACKEND_REFUSED = "backend-refused";

  /// The largest status there is.
  static final int STATUS_MAX = 599;

  private static final long DISCARDED_BYTES_MAX = 64 << 10;
  private static final long DISCARD_NANOS = 50_000_000L;

  /// How long the answer to a trial must have gone on that does not say its length.
  private static final long TRIAL_NANOS = 1_000_000_000L;

  /// The same for one that does, whose end would tell more.
  private static final long SIZED_TRIAL_NANOS = 10_000_000_000L;

  /// How often the gate is told of a pausing answer that its permit has not leaked.
  private static final long ALIVE_NANOS = 60_000_000_000L;

  /// Where the relay stands; it leaves [#ASKED] once.
  private enum Stage {
    /// The backend has been asked and has not begun to answer.
    ASKED,
    /// The answer is being relayed.
    RELAYING,
    /// The backend said that it cannot serve this now, and another one will be asked.
    REFUSED,
    /// The deadline passed first.
    TIMED_OUT,
    /// The deadline passed while the caller was still sending.
    UNSENT,
    /// The caller went away first.
    CALLER_GONE,
    /// The request beside it was answered first.
    OUTRUN,
    /// The backend failed first.
    FAILED
  }

  /// Where nothing more is waited for.
  private static final Set<Stage> GIVEN_UP =
      EnumSet.of(Stage.TIMED_OUT, Stage.UNSENT, Stage.CALLER_GONE, Stage.OUTRUN);

  /// How a relay ended.
  ///
  /// @param outcome what the gate learns
  /// @param status the backend's status, or 0 if it did not answer
  /// @param answered whether the caller has been answered, or cut off, already
  /// @param stalledNanos how long the relay waited for the caller to send or to read
  /// @param again whether the request is to be tried at another backend: nothing of an answer has
  ///     reached the caller
  record Ending(Outcome outcome, int status, boolean answered, long stalledNanos, boolean again) {}

  private final Call call;
  private final Attempt attempt;
  private final Turnstile turnstile;
  private final Pass pass;
  private final HttpBackend backend;
  private final Body body;
  private final CallerWait callerWait;
  private final AlarmClock clock;
  private final InstantSource wallClock;
  private final long idleNanos;
  private final Race race;
  private final AtomicReference<Stage> stage = new AtomicReference<>(Stage.ASKED);
  private final CompletableFuture<Result> ended = new CompletableFuture<>();
  private volatile Thread waiter = Thread.currentThread();
  private final Request request;
  private volatile int status;
  private volatile long retryAfterNanos;
  private volatile boolean callerFailed;
  private volatile long progressedNanos;
  private final RelayedAnswer answer;
  private final SelectorTurn turn;
  private final boolean repeatable;
  private final long heartbeatNanos;
  private long beatNanos;
  private volatile @Nullable HttpFields provenance;
  private long discardedBytes;

  /// Whether the answer is to show, by going on, that its backend is back; for who takes its parts.
  private boolean onTrial;

  private long trialNanos;

  private long answeredNanos;

  /// For how long the caller had been waited for until then.
  private long waitedBeforeNanos;

  /// Prepares the request; nothing is sent yet.
  ///
  /// @param race knows whether it is tried again once the backend has failed it, and whether it may
  ///     answer
  /// @throws RefusedException 400 for a query that cannot be sent on
  HttpRelay(
      Passage passage,
      Pass pass,
      HttpBackend backend,
      Body body,
      AlarmClock clock,
      InstantSource wallClock,
      Race race)
      throws RefusedException {
    this.race = race;
    this.call = passage.call();
    this.attempt = backend.breaker().attempt(passage.caller().name());
    this.turnstile = passage.model().turnstile();
    this.pass = pass;
    this.backend = backend;
    this.body = body;
    this.callerWait =
        new CallerWait(attempt, turnstile, pass, clock, () -> LockSupport.unpark(waiter));
    this.clock = clock;
    this.wallClock = wallClock;
    this.answer = new RelayedAnswer(call);
    this.repeatable = body.isWhole();
    this.turn = backend.turn();
    this.heartbeatNanos = passage.model().settings().heartbeat().toNanos();
    this.idleNanos = passage.model().settings().streamIdleTimeout().toNanos();
    this.request = request(backend, passage.path()).body(body.rest(callerWait));
    request.headers(headers -> {
      RelayedHeaders.sendOn(call.request().getHeaders(), headers);
      backend.authorize(headers);
    });
  }

  private static Request request(HttpBackend backend, String path) throws RefusedException {
    try {
      return backend.request(HttpMethod.POST, path);
    } catch (IllegalArgumentException e) {
      throw new RefusedException(
          Refusal.badRequest("the query has a character that must be percent-encoded"));
    }
  }

  /// Tells whether the server's breaker lets the request go on. Then it must be relayed, or else
  /// [#neverSent].
  boolean begin() {
    return attempt.begin();
  }

  /// Gives up what has begun and will not be relayed.
  void neverSent() {
    attempt.neverSent();
  }

  /// Sends the request and waits until it is over, or given up at the deadline.
  ///
  /// @param patience how long until the first byte of the answer, at most
  /// @param provenanceFields what is added to the answer's headers
  Ending relay(Duration patience, HttpFields provenanceFields) {
    provenance = provenanceFields;
    waiter = Thread.currentThread();
    beatNanos = clock.nanos();
    long deadlineNanos = beatNanos + patience.toNanos();
    request.headers(headers -> headers.put("Request-Timeout", RequestHeaders.inSeconds(patience)));
    backend.attempted();
    try {
      request
          .onResponseBegin(response -> attempt.progressed())
          .onResponseHeaders(this::begin)
          .onResponseContentAsync(this::pass)
          .send(this::finish);
      await(deadlineNanos);
    } catch (RuntimeException | Error e) {
      // What has begun must end at the breaker, or a trial would hold its place for ever.
      var _ = request.abort(e);
      attempt.abandoned();
      throw e;
    }
    return settle();
  }

  /// Gives the request up because nobody waits for its answer. Does not block.
  void callerGone() {
    if (stage.compareAndSet(Stage.ASKED, Stage.CALLER_GONE) || stage.get() == Stage.RELAYING) {
      callerFailed = true;
      var _ = request.abort(new CallerGoneException());
      LockSupport.unpark(waiter);
    }
  }

  /// Gives the request up because the one beside it is answered. Does not block.
  void outrun() {
    if (stage.compareAndSet(Stage.ASKED, Stage.OUTRUN)) {
      var _ = request.abort(new OutrunException());
      LockSupport.unpark(waiter);
    }
  }

  private void await(long deadlineNanos) {
    while (!ended.isDone()) {
      Stage now = stage.get();
      if (GIVEN_UP.contains(now)) {
        return;
      }
      if (now == Stage.REFUSED) {
        awaitRefusal();
        return;
      }
      long leftNanos = deadlineNanos - clock.nanos();
      if (now == Stage.RELAYING) {
        awaitMore();
      } else if (leftNanos > 0) {
        awaitFirst(leftNanos);
      } else if (stage.compareAndSet(
          Stage.ASKED, callerWait.isWaiting() ? Stage.UNSENT : Stage.TIMED_OUT)) {
        var _ = request.abort(new DeadlineException());
      }
    }
  }

  private void awaitFirst(long leftNanos) {
    long hedgeNanos = race.dueInNanos(clock.nanos());
    if (hedgeNanos <= 0) {
      race.hedge();
    } else {
      park(Math.min(leftNanos, hedgeNanos));
    }
  }

  /// Waits for more of the answer. There is no bound on the whole, but one on the pause between two
  /// parts, whoever makes it: neither a backend that stalls nor a caller that does not read may
  /// hold a permit for ever. Meanwhile a stream of events has its heartbeat, which is no progress.
  private void awaitMore() {
    long now = clock.nanos();
    // Whoever waits here is alive, however long the answer pauses.
    pass.alive(now);
    long leftNanos = progressedNanos + idleNanos - now;
    if (leftNanos <= 0) {
      progressedNanos = now;
      // Before the abort: what it does to what is under way comes at a time of Jetty's choice.
      if (answer.isWriting() || callerWait.isWaiting()) {
        callerFailed = true;
      }
      var _ = request.abort(new DeadlineException());
      return;
    }
    long untilNanos = Math.min(leftNanos, ALIVE_NANOS);
    if (heartbeatNanos > 0) {
      long quietNanos = Math.min(now - progressedNanos, now - beatNanos);
      if (quietNanos >= heartbeatNanos) {
        beatNanos = now;
        answer.beat(this::callerFailed);
        return; // A wake-up may have been lost while it was written.
      }
      untilNanos = Math.min(untilNanos, heartbeatNanos - quietNanos);
    }
    park(untilNanos);
  }

  private void park(long nanos) {
    clock.parkNanos(this, Math.min(nanos, callerWait.leavePlace(clock.nanos())));
  }

  private void callerFailed(Throwable failure) {
    callerFailed = true;
    var _ = request.abort(failure);
  }

  /// Waits a little for the end of an answer that nobody gets, so that its connection can be used
  /// again.
  private void awaitRefusal() {
    long untilNanos = clock.nanos() + DISCARD_NANOS;
    for (long left = DISCARD_NANOS; left > 0 && !ended.isDone(); ) {
      clock.parkNanos(this, left);
      left = untilNanos - clock.nanos();
    }
    if (!ended.isDone()) {
      var _ = request.abort(new IOException("refused, and not to its end"));
    }
  }

  private Ending settle() {
    return switch (stage.get()) {
      case TIMED_OUT -> {
        attempt.timedOut();
        yield new Ending(Outcome.OVERLOADED, 0, false, stalledNanos(), false);
      }
      case UNSENT -> {
        var _ = body.expired();
        yield abandoned();
      }
      case CALLER_GONE, OUTRUN -> abandoned();
      case ASKED, FAILED -> {
        if (body.refusal() != null) {
          yield abandoned();
        }
        BackendStatus.settleBroken(attempt, ended.join().getFailure());
        yield new Ending(Outcome.FAILED, 0, false, stalledNanos(), race.goesOn(this));
      }
      case REFUSED -> new Ending(settleStatus(), status, false, stalledNanos(), true);
      case RELAYING -> settleRelayed();
    };
  }

  private Ending abandoned() {
    attempt.abandoned();
    return new Ending(Outcome.ABANDONED, 0, false, stalledNanos(), false);
  }

  private long stalledNanos() {
    return callerWait.waitedNanos();
  }

  private Outcome settleStatus() {
    return BackendStatus.settle(backend, attempt, status, retryAfterNanos, isKnown(status));
  }

  /// Tells whether Triage knows that the backend is to serve that path, and that its status is for
  /// nothing that the caller did: whoever still sends may be too slow.
  private boolean isKnown(int answered) {
    return call.dialect() == Dialect.OIP
        && (repeatable || answered != HttpStatus.REQUEST_TIMEOUT_408);
  }

  private Ending settleRelayed() {
    if (callerFailed || body.refusal() != null) {
      attempt.abandoned();
      return new Ending(Outcome.ABANDONED, status, true, stalledNanos(), false);
    }
    Outcome outcome = Outcome.FAILED;
    if (ended.join().isFailed()) {
      attempt.failed();
    } else {
      outcome = settleStatus();
    }
    return new Ending(outcome, status, true, stalledNanos(), false);
  }

  private void begin(Response response) {
    progress();
    if (response.getStatus() > STATUS_MAX) {
      var _ = request.abort(new IOException("no such status: " + response.getStatus()));
      return;
    }
    backend.heard(response.getHeaders());
    retryAfterNanos = BackendStatus.retryAfterNanos(response.getHeaders(), wallClock);
    if (stage.get() == Stage.ASKED && isLeft(response.getStatus())) {
      leave(response.getStatus());
    }
  }

  private void leave(int answered) {
    status = answered;
    if (stage.compareAndSet(Stage.ASKED, Stage.REFUSED)) {
      LockSupport.unpark(waiter);
    }
  }

  /// Tells whether an answer of this status is left to another request.
  private boolean isLeft(int answered) {
    boolean unserved = BackendStatus.saysTooMuch(answered) || answered == 502;
    return unserved ? race.goesOn(this) : isFailure(answered) && race.leavesToOther(this);
  }

  private boolean isFailure(int answered) {
    return BackendStatus.isFailure(answered, isKnown(answered));
  }

  /// Begins the caller's answer with the head of the backend's, unless something else was first.
  private boolean relayHead(Response response) {
    if (stage.get() == Stage.RELAYING) {
      return true;
    }
    if (stage.get() != Stage.ASKED) {
      return false;
    }
    // Another one may have been sent since its head came.
    if (isFailure(response.getStatus()) && race.leavesToOther(this)) {
      leave(response.getStatus());
      return false;
    }
    if (!race.wins(this, response.getStatus())) {
      outrun();
      return false;
    }
    status = response.getStatus();
    if (!stage.compareAndSet(Stage.ASKED, Stage.RELAYING)) {
      return false;
    }
    answering(response.getHeaders());
    call.response().setStatus(status);
    HttpFields.Mutable headers = call.response().getHeaders();
    RelayedHeaders.sendBack(response.getHeaders(), headers);
    backend.conceal(headers);
    if (status >= 400 && status < 500 && status != 429) {
      headers.put(Call.REASON, BACKEND_REFUSED);
    }
    HttpFields fields = provenance;
    if (fields != null) {
      headers.add(fields);
    }
    if (!body.isWhole()) {
      // A server that answers before it has all may not read the rest.
      call.endConnection();
    }
    return true;
  }

  /// Tells all whom it concerns that the answer has begun. That alone does not show that a backend
  /// is back after an outage, which may fail again in the middle.
  private void answering(HttpFields headers) {
    answeredNanos = progressedNanos;
    waitedBeforeNanos = callerWait.waitedNanos();
    pass.answered(answeredNanos - waitedBeforeNanos);
    EventStream stream = call.dialect() == Dialect.OPENAI ? EventStream.of(headers) : null;
    answer.events(stream);
    if (status < 400) {
      attempt.answering();
      boolean isTrial = attempt.isTrial();
      onTrial = isTrial && !isFailure(status);
      trialNanos = headers.contains(HttpHeader.CONTENT_LENGTH) ? SIZED_TRIAL_NANOS : TRIAL_NANOS;
      if (stream != null && !isTrial) {
        turnstile.answering(pass);
      }
    }
    if (stream != null) {
      // Whoever waits for the deadline now looks at pauses. What is no stream is over before, or
      // looked at then.
      LockSupport.unpark(waiter);
    }
  }

  /// Ends the trial with a part that comes late enough: the rest may take minutes. What the caller
  /// has been waited for since is no time of the backend's: the part may have come long before.
  private void goesOn() {
    if (!onTrial) {
      return;
    }
    long waitedNanos = callerWait.waitedNanos() - waitedBeforeNanos;
    if (progressedNanos - answeredNanos - waitedNanos >= trialNanos) {
      onTrial = false;
      attempt.endsTrial();
      turnstile.answering(pass);
    }
  }

  private void progress() {
    progressedNanos = clock.nanos();
  }

  private void pass(Response response, Content.Chunk chunk, Runnable demander) {
    attempt.progressed();
    progress();
    ByteBuffer bytes = chunk.getByteBuffer();
    if (!bytes.hasRemaining() || !relayHead(response)) {
      discard(chunk, demander);
      return;
    }
    goesOn();
    int size = bytes.remaining();
    chunk.retain();
    CallerWait.Reading reading = callerWait.reading();
    answer.write(
        bytes,
        Callback.from(
            () -> {
              progress();
              reading.written();
              chunk.release();
              turn.next(size, demander);
            },
            failure -> {
              chunk.release();
              callerFailed(failure);
            }));
    reading.given();
  }

  private void discard(Content.Chunk chunk, Runnable demander) {
    discardedBytes += chunk.remaining();
    if (discardedBytes > DISCARDED_BYTES_MAX) {
      var _ = request.abort(new IOException("refused, with too long an answer"));
    } else {
      demander.run();
    }
  }

  private void finish(Result result) {
    try {
      if (result.isSucceeded()) {
        // An answer without a body.
        var _ = relayHead(result.getResponse());
      }
      stage.compareAndSet(Stage.ASKED, Stage.FAILED);
      if (stage.get() == Stage.RELAYING) {
        if (result.isSucceeded()) {
          answer.finish();
        } else {
          answer.breakOff(callerFailed, result.getFailure());
        }
      }
    } finally {
      // Whatever comes of that, which includes the look for the caller's next request: somebody
      // waits with a permit.
      ended.complete(result);
      LockSupport.unpark(waiter);
    }
  }

  /// The caller went away.
  static final class CallerGoneException extends Exception {
    private static final long serialVersionUID = 1;

    CallerGoneException() {
      super("the caller went away", null, false, false);
    }
  }

  /// The request beside this one was answered first.
  static final class OutrunException extends Exception {
    private static final long serialVersionUID = 1;

    OutrunException() {
      super("the request beside it was answered first", null, false, false);
    }
  }

  /// The deadline passed.
  static final class DeadlineException extends Exception {
    private static final long serialVersionUID = 1;

    DeadlineException() {
      super("the deadline passed", null, false, false);
    }
  }
}
