package triage.gateway;

import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.admission.Criticality;
import triage.admission.Outcome;
import triage.admission.Reason;
import triage.audit.AuditTrail;
import triage.audit.Slot;
import triage.backend.HttpBackend;
import triage.backend.InPlaceThreads;
import triage.backend.InProcessBackend;
import triage.backend.ModelVersion;
import triage.backend.Models;
import triage.backend.Pass;
import triage.identity.Caller;
import triage.identity.Role;
import triage.time.AlarmClock;

/// One request through all rooms, top to bottom: audit slot, deadline, body, gate, model, answer.
///
/// Whatever happens, a permit that was taken is given back exactly once, and what was asked is
/// written to the audit trail.
///
/// **Threads**: safe for use by several threads; each exchange on a virtual thread of its own,
/// which may block.
final class Exchange {
  private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);
  private static final int ATTEMPTS_MAX = 3;

  private final AuditTrail audit;
  private final ExchangeMeter meter;
  private final InProcessCall inProcess;
  private final Models models;
  private final AlarmClock clock;
  private final InstantSource wallClock;

  Exchange(
      Models models,
      AuditTrail audit,
      ExchangeMeter meter,
      AlarmClock clock,
      InstantSource wallClock) {
    this.models = models;
    this.audit = audit;
    this.meter = meter;
    this.inProcess = new InProcessCall(clock);
    this.clock = clock;
    this.wallClock = wallClock;
  }

  /// Serves one inference, or says why not.
  ///
  /// @param begun the body, if its first part had to be read to know the model; or `null`
  void infer(Call call, Caller caller, ModelVersion model, @Nullable Body begun) {
    Criticality criticality = RequestHeaders.criticality(call.header("Priority"), caller.ceiling());
    Passage passage = new Passage(call, caller, model, criticality, wallClock.instant());
    Optional<Slot> slot = audit.reserve();
    if (slot.isEmpty()) {
      passage.refuse(auditIsFull());
      meter.ended(model, criticality, passage.status(), passage.reason());
      return;
    }
    try {
      serve(passage, begun);
    } catch (RefusedException e) {
      passage.refuse(e.refusal());
    } catch (RuntimeException e) {
      LOG.error("event=exchange-failed model={}", model.name(), e);
      passage.refuse(Refusal.failedInside());
    } finally {
      passage.giveBack();
      meter.ended(model, criticality, passage.status(), passage.reason());
      write(passage, slot.get());
    }
  }

  private void write(Passage passage, Slot slot) {
    try {
      passage.writeTo(audit, slot);
    } finally {
      // Does nothing to a slot that is used up.
      audit.release(slot);
    }
  }

  private void serve(Passage passage, @Nullable Body begun) throws RefusedException {
    Authentication.require(passage.caller(), Role.REQUEST);
    Call call = passage.call();
    ModelVersion model = passage.model();
    if (!(model.backends().getFirst() instanceof HttpBackend)) {
      InPlaceThreads.leave();
    }
    Duration patience =
        RequestHeaders.patience(
            call.header("Request-Timeout"),
            model.settings().timeout(),
            model.settings().timeoutMax());
    Body body = passage.read(begun);

    long deadlineNanos = call.arrivedNanos() + patience.toNanos();
    CompletableFuture<@Nullable Void> gone = new CompletableFuture<>();
    boolean repeatable = body.isWhole();
    CallerWatch watch = body.watch(() -> gone.complete(null));
    try {
      pass(passage, deadlineNanos, body, gone);
    } catch (RefusedException e) {
      boolean again = repeatable && deadlineNanos - clock.nanos() > 0;
      ModelVersion other = again ? fallback(passage, e.refusal()) : null;
      if (other == null) {
        throw e;
      }
      passage.fallBack(other);
      pass(passage, deadlineNanos, body, gone);
    } finally {
      var _ = watch.close();
    }
  }

  /// Gives the model that answers in place of one that nobody serves at present, or `null` if there
  /// is none. Under `/v1` the body names the model, and is not rewritten.
  private @Nullable ModelVersion fallback(Passage passage, Refusal refusal) {
    String name = passage.model().settings().fallback();
    boolean nobody =
        Reason.BREAKER_OPEN.wire().equals(refusal.reason())
            || Reason.NO_BACKEND.wire().equals(refusal.reason());
    return name != null && nobody && passage.call().dialect() == Dialect.OIP && mayFallBack(passage)
        ? models.find(name)
        : null;
  }

  /// Tells whether another model's may be one more try, of which the retry budget alone decides:
  /// for nothing where nobody has worked on the request, or a try is paid for that was not made.
  private boolean mayFallBack(Passage passage) {
    return passage.backend() == null || passage.pays(clock.nanos());
  }

  /// Passes the model's gate, and has the work done.
  private void pass(
      Passage passage, long deadlineNanos, Body body, CompletableFuture<@Nullable Void> gone)
      throws RefusedException {
    ModelVersion model = passage.model();
    Pass pass = new Pass(passage.caller().name(), passage.criticality(), deadlineNanos);
    Permit permit = new Permit(model.turnstile(), pass);
    var _ = gone.thenRun(permit::callerGone);
    try (permit) {
      boolean admitted = permit.enter();
      passage.decided(pass);
      meter.waited(model, passage.criticality(), pass.waitNanos());
      if (!admitted) {
        throw new RefusedException(Refusal.of(pass));
      }
      dispatch(passage, permit, body, gone);
    }
  }

  /// Has the backend of the permit do the work; where that fails before anything of an answer has
  /// reached the caller, another one, as far as the model's retry budget goes.
  private void dispatch(
      Passage passage, Permit permit, Body body, CompletableFuture<@Nullable Void> gone)
      throws RefusedException {
    ModelVersion model = passage.model();
    // What has streamed cannot be sent again.
    boolean repeatable = body.isWhole();
    model.retries().dispatched(clock.nanos());
    for (int attempt = 1; ; attempt++) {
      boolean last = !repeatable || attempt == ATTEMPTS_MAX;
      switch (model.backends().get(permit.pass().lane())) {
        case InProcessBackend backend -> {
          answer(passage, backend, permit, body);
          return;
        }
        case HttpBackend backend -> {
          if (!relay(passage, backend, permit, body, gone, last)) {
            return;
          }
        }
      }
      boolean admitted = permit.enterAgain();
      passage.decided(permit.pass());
      if (!admitted) {
        throw new RefusedException(Refusal.of(permit.pass()));
      }
    }
  }

  private boolean hasOther(ModelVersion model, Pass pass) {
    return pass.deadlineNanos() - clock.nanos() > 0 && model.turnstile().hasOther(pass);
  }

  private byte[] read(Body body, Pass pass) throws RefusedException {
    try {
      return body.bytes();
    } catch (RefusedException e) {
      boolean expired = pass.deadlineNanos() - clock.nanos() <= 0;
      throw expired ? new RefusedException(body.expired()) : e;
    }
  }

  private static OipBody decoded(Passage passage, byte[] body) throws RefusedException {
    return OipBody.of(
        body,
        passage.call().header(OipBody.JSON_LENGTH),
        passage.call().header("Content-Encoding"),
        passage.model().settings().bodyBytesMax());
  }

  private void answer(Passage passage, InProcessBackend backend, Permit permit, Body body)
      throws RefusedException {
    InPlaceThreads.leave();
    passage.started(backend, clock.nanos());
    try {
      // A body too large to be read before the gate is read to its end with the permit held.
      long askedNanos = clock.nanos();
      if (!body.isWhole()) {
        long leftNanos = Math.max(0, permit.pass().deadlineNanos() - askedNanos);
        PacedExchange.boundRest(passage.call().request(), leftNanos);
      }
      byte[] bytes = read(body, permit.pass());
      permit.stalled(clock.nanos() - askedNanos);
      OipAnswer answer =
          inProcess.call(
              passage.model(), backend, permit, decoded(passage, bytes), new CompletableFuture<>());
      passage.ended(clock.nanos());
      meter.served(passage.model(), backend.name(), passage.serviceNanos());
      passage.answer(answer);
    } catch (RefusedException e) {
      passage.ended(clock.nanos());
      throw e;
    }
  }

  /// Relays to a model server and back, and tells whether another one is to be asked instead.
  ///
  /// @param last whether none may be
  private boolean relay(
      Passage passage,
      HttpBackend backend,
      Permit permit,
      Body body,
      CompletableFuture<@Nullable Void> gone,
      boolean last)
      throws RefusedException {
    ModelVersion model = passage.model();
    Pass pass = permit.pass();
    BooleanSupplier secondTry = () -> !last && hasOther(model, pass) && passage.pays(clock.nanos());
    Race race = new Race(passage, permit, backend, body, gone, secondTry, clock, wallClock);
    if (!race.begin()) {
      // Nobody has been asked, so that it costs nothing to go elsewhere.
      if (!last && hasOther(model, pass)) {
        return true;
      }
      throw new RefusedException(Refusal.of(Reason.BREAKER_OPEN, Refusal.SOON_NANOS));
    }
    passage.started(backend, clock.nanos());
    Duration left = Duration.ofNanos(Math.max(0, pass.deadlineNanos() - clock.nanos()));
    HttpRelay.Ending ending = race.run(left);
    passage.ended(clock.nanos());
    if (ending.again()) {
      return true;
    }
    if (!ending.answered()) {
      throw new RefusedException(unanswered(ending, body));
    }
    passage.relayed(ending);
    if (ending.outcome() == Outcome.SERVED) {
      meter.served(model, passage.backendName(), passage.serviceNanos());
    }
    return false;
  }

  private static Refusal unanswered(HttpRelay.Ending ending, Body body) {
    Refusal bodyFault = body.refusal();
    if (bodyFault != null) {
      return bodyFault;
    }
    return Refusal.unanswered(ending.outcome());
  }

  static Refusal auditIsFull() {
    return new Refusal(
        503,
        Reason.SHED_PRESSURE.wire(),
        Refusal.SOON_NANOS,
        "the audit trail cannot be written, and nothing is served without it; try again after"
            + " Retry-After");
  }
}
