package triage.gateway;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.admission.Criticality;
import triage.admission.Outcome;
import triage.admission.Reason;
import triage.admission.Ticket;
import triage.audit.AuditRow;
import triage.audit.AuditTrail;
import triage.audit.AuditVerdict;
import triage.audit.Slot;
import triage.backend.HttpBackend;
import triage.backend.InProcessBackend;
import triage.backend.ModelVersion;
import triage.backend.Models;
import triage.backend.Pass;
import triage.backend.Protocol;
import triage.time.MonotonicClock;

/// One inference through a model's gate without an HTTP exchange around it: bytes in, status and
/// bytes out, for callers whose answer is kept before it is sent.
///
/// It passes the same gate, breaker and audit trail as an exchange does; only the streaming is
/// missing.
///
/// **Threads**: safe for use by several threads; a call blocks the thread it is made on.
public final class ModelCall {
  private static final Logger LOG = LoggerFactory.getLogger(ModelCall.class);

  /// What is asked of a model.
  ///
  /// @param caller who shares fairly with whom, and whom the audit row names
  /// @param study on whose behalf, or `null`
  /// @param deadlineNanos on the monotonic clock, or [#NO_DEADLINE]
  /// @param body the inference request
  /// @param traceparent the caller's trace context, or `null`
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  public record Order(
      Target target,
      String caller,
      @Nullable String study,
      Criticality criticality,
      long deadlineNanos,
      byte[] body,
      @Nullable String traceparent) {}

  /// The deadline of an order that waits as long as it takes. Once it is at a model server it has
  /// the longest time that the model allows.
  public static final long NO_DEADLINE = Ticket.NO_DEADLINE;

  /// What came of an order.
  public sealed interface Answer {
    /// Completes once the audit row is committed, or counted.
    CompletableFuture<Void> recorded();
  }

  /// The model answered, be it with a refusal of the content.
  ///
  /// @param status its status, below 500
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  public record Given(int status, byte[] body, String backend, CompletableFuture<Void> recorded)
      implements Answer {}

  /// There is no answer.
  ///
  /// @param words what a model server at fault said of it, or nothing: for who mends it
  /// @param untried whether the model has not begun to work on it, so that the fault is not the
  ///     order's
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  public record NotGiven(
      Refusal refusal, byte[] words, boolean untried, CompletableFuture<Void> recorded)
      implements Answer {}

  private static final byte[] NOTHING = {};

  private final Models models;
  private final AuditTrail audit;
  private final ExchangeMeter meter;
  private final InProcessCall inProcess;
  private final MonotonicClock clock;
  private final InstantSource wallClock;

  ModelCall(
      Models models,
      AuditTrail audit,
      ExchangeMeter meter,
      MonotonicClock clock,
      InstantSource wallClock) {
    this.models = models;
    this.audit = audit;
    this.meter = meter;
    this.inProcess = new InProcessCall(clock);
    this.clock = clock;
    this.wallClock = wallClock;
  }

  /// Gives all that can be asked.
  public List<Target> targets() {
    return models.all().stream()
        .filter(model -> model.speaks(Protocol.OIP))
        .map(Target::new)
        .toList();
  }

  /// Gives the model of that name, in this version where one is named.
  public Optional<Target> find(String name, @Nullable String version) {
    ModelVersion found = version == null ? models.find(name) : models.find(name, version);
    return Optional.ofNullable(found).filter(model -> model.speaks(Protocol.OIP)).map(Target::new);
  }

  /// Asks the model, once its gate lets the order pass.
  ///
  /// @param gone completes when nobody waits for the answer any more; then the order is given up
  public Answer call(Order order, CompletableFuture<@Nullable Void> gone) {
    Optional<Slot> slot = audit.reserve();
    if (slot.isEmpty()) {
      Refusal refusal = Exchange.auditIsFull();
      meter.ended(order.target().model(), order.criticality(), refusal.status(), refusal.reason());
      return new NotGiven(refusal, NOTHING, true, CompletableFuture.completedFuture(null));
    }
    Attempt attempt = new Attempt(order, wallClock.instant());
    try {
      attempt.make(gone);
    } catch (RefusedException e) {
      attempt.refusal = e.refusal();
    } catch (RuntimeException | Error e) {
      LOG.error("event=exchange-failed model={}", order.target().name(), e);
      attempt.refusal = Refusal.failedInside();
    }
    try {
      return attempt.answer(slot.get());
    } finally {
      audit.release(slot.get());
    }
  }

  /// One order on its way. Confined to its thread.
  private final class Attempt {
    private final Order order;
    private final ModelVersion model;
    private final Instant receivedAt;
    private @Nullable Refusal refusal;
    private byte @Nullable [] answer;
    private int status;
    private @Nullable String backendName;
    private boolean untried = true;
    private long waitNanos;
    private long serviceNanos;

    private Attempt(Order order, Instant receivedAt) {
      this.order = order;
      this.model = order.target().model();
      this.receivedAt = receivedAt;
    }

    private void make(CompletableFuture<@Nullable Void> gone) throws RefusedException {
      Pass pass = new Pass(order.caller(), order.criticality(), order.deadlineNanos());
      var _ = gone.thenRun(() -> model.turnstile().withdraw(pass));
      try (Permit permit = new Permit(model.turnstile(), pass)) {
        boolean admitted = permit.enter();
        waitNanos = pass.waitNanos();
        meter.waited(model, order.criticality(), waitNanos);
        if (!admitted) {
          throw new RefusedException(Refusal.of(pass));
        }
        long startedNanos = clock.nanos();
        try {
          switch (model.backends().get(pass.lane())) {
            case InProcessBackend backend -> ask(backend, permit, gone);
            case HttpBackend backend -> ask(backend, permit, gone);
          }
        } finally {
          serviceNanos = clock.nanos() - startedNanos;
        }
        if (status < 400) {
          meter.served(model, String.valueOf(backendName), serviceNanos);
        }
      }
    }

    private void ask(
        InProcessBackend backend, Permit permit, CompletableFuture<@Nullable Void> gone)
        throws RefusedException {
      backendName = backend.name();
      untried = false;
      OipBody body = OipBody.json(order.body());
      answer = inProcess.call(model, backend, permit, body, gone).bytes();
      status = 200;
    }

    private void ask(HttpBackend backend, Permit permit, CompletableFuture<@Nullable Void> gone)
        throws RefusedException {
      String path = model.path() + "/infer";
      BufferedRelay relay =
          new BufferedRelay(backend, order.caller(), path, order.body(), wallClock);
      if (!relay.begin()) {
        throw new RefusedException(Refusal.of(Reason.BREAKER_OPEN, Refusal.SOON_NANOS));
      }
      backendName = backend.name();
      BufferedRelay.Ending ending = relay.relay(patience(), gone);
      permit.ended(ending.outcome(), 0);
      untried = ending.untried();
      status = ending.status();
      answer = ending.body();
      if (status == 0 || status >= 500 || status == 429) {
        throw new RefusedException(unanswered(ending));
      }
      if (BackendStatus.isFault(status)) {
        throw new RefusedException(Refusal.serverAtFault(status));
      }
    }

    private Duration patience() {
      return order.deadlineNanos() == NO_DEADLINE
          ? model.settings().timeoutMax()
          : Duration.ofNanos(Math.max(0, order.deadlineNanos() - clock.nanos()));
    }

    private Refusal unanswered(BufferedRelay.Ending ending) {
      if (ending.status() > 0) {
        int told = ending.status();
        boolean overloaded = ending.outcome() == Outcome.OVERLOADED;
        return new Refusal(
            told,
            null,
            overloaded ? Refusal.SOON_NANOS : 0,
            "the model server answered with status " + told);
      }
      return Refusal.unanswered(ending.outcome());
    }

    private Answer answer(Slot slot) {
      Refusal no = refusal;
      int told = no == null ? status : no.status();
      String reason = no != null ? no.reason() : status >= 400 ? HttpRelay.BACKEND_REFUSED : null;
      meter.ended(model, order.criticality(), told, reason);
      CompletableFuture<Void> recorded = record(slot, no, told, reason);
      byte[] body = answer;
      if (no == null && body != null) {
        return new Given(status, body, String.valueOf(backendName), recorded);
      }
      return new NotGiven(
          no == null ? Refusal.of(Reason.NO_BACKEND, Refusal.SOON_NANOS) : no,
          body == null ? NOTHING : body,
          untried,
          recorded);
    }

    private CompletableFuture<Void> record(
        Slot slot, @Nullable Refusal no, int told, @Nullable String reason) {
      AuditVerdict verdict = verdict(no, told);
      if (verdict == AuditVerdict.SHED) {
        audit.release(slot);
        audit.shed(order.caller(), order.study(), model.name(), String.valueOf(reason));
        return CompletableFuture.completedFuture(null);
      }
      return audit.recordDurably(
          slot,
          new AuditRow(
              audit.newId(),
              receivedAt,
              order.caller(),
              model.name(),
              model.version(),
              backendName,
              verdict,
              reason,
              told,
              Body.sha256Hex(order.body()),
              order.body().length,
              waitNanos,
              serviceNanos,
              TraceContext.traceId(order.traceparent())));
    }

    private AuditVerdict verdict(@Nullable Refusal no, int told) {
      if (no == null) {
        return told < 400 ? AuditVerdict.SERVED : AuditVerdict.REFUSED;
      }
      return no.verdict(backendName != null);
    }
  }
}
