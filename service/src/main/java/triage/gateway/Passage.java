package triage.gateway;

import java.time.Instant;
import java.util.Locale;
import org.eclipse.jetty.http.HttpFields;
import org.jspecify.annotations.Nullable;
import triage.admission.Criticality;
import triage.admission.Reason;
import triage.audit.AuditRow;
import triage.audit.AuditTrail;
import triage.audit.AuditVerdict;
import triage.audit.Slot;
import triage.backend.Backend;
import triage.backend.HttpBackend;
import triage.backend.ModelVersion;
import triage.backend.Pass;
import triage.identity.Caller;

/// What has happened to one request so far: what its answer and its audit row are made of.
///
/// **Threads**: confined to the exchange's.
final class Passage {
  private static final double NANOS_PER_MILLI = 1e6;

  /// What the retry budget has said of one more try.
  private enum Payment {
    NOT_ASKED,
    /// It has one, which has not been made.
    PAID,
    DENIED
  }

  /// The reason in the row of an exchange that another model answered than the one asked.
  private static final String FALLBACK = "fallback";

  private final Call call;
  private final Caller caller;
  private final ModelVersion wanted;
  private ModelVersion model;
  private boolean standsIn;
  private final Criticality criticality;
  private final Instant receivedAt;
  private @Nullable Body body;
  private @Nullable Backend backend;

  /// The last one of the model that was asked, once another model stands in.
  private @Nullable Backend failed;

  private volatile Payment payment = Payment.NOT_ASKED;
  private @Nullable String reason;
  private AuditVerdict verdict = AuditVerdict.FAILED;
  private int status;
  private int attempts;
  private long waitNanos;
  private long startedNanos;
  private long serviceNanos;

  Passage(
      Call call, Caller caller, ModelVersion model, Criticality criticality, Instant receivedAt) {
    this.call = call;
    this.caller = caller;
    this.wanted = model;
    this.model = model;
    this.criticality = criticality;
    this.receivedAt = receivedAt;
  }

  Call call() {
    return call;
  }

  Caller caller() {
    return caller;
  }

  ModelVersion model() {
    return model;
  }

  Criticality criticality() {
    return criticality;
  }

  /// Gives the path of the same request at a backend, with the query where the dialect has one.
  String path() {
    return switch (call.dialect()) {
      case OIP -> model.path() + "/infer";
      case OPENAI, NATIVE -> call.pathAndQuery();
    };
  }

  int status() {
    return status;
  }

  @Nullable String reason() {
    return reason;
  }

  long serviceNanos() {
    return serviceNanos;
  }

  /// Takes over the body, of which the first part may have been read already.
  ///
  /// @throws RefusedException 413 if it is longer than the model takes, 408 if it stops coming
  Body read(@Nullable Body begun) throws RefusedException {
    long bytesMax = model.settings().bodyBytesMax();
    if (begun == null) {
      boolean relayed = model.backends().getFirst() instanceof HttpBackend;
      begun =
          relayed
              ? Body.readToRelay(call.request(), bytesMax)
              : Body.read(call.request(), bytesMax);
    }
    body = begun;
    begun.limit(bytesMax);
    return begun;
  }

  /// Ends the use of the body's memory: nothing of it is read any more.
  void giveBack() {
    Body read = body;
    if (read != null) {
      read.giveBack();
    }
  }

  /// Goes on with another model, because no backend of the one that was asked is left.
  void fallBack(ModelVersion other) {
    model = other;
    standsIn = true;
    failed = backend;
    backend = null;
    payment = Payment.NOT_ASKED;
  }

  /// Notes what the gate said, the first time or again.
  void decided(Pass pass) {
    waitNanos += pass.waitNanos();
  }

  void started(Backend chosen, long nowNanos) {
    backend = chosen;
    payment = Payment.NOT_ASKED;
    attempts++;
    startedNanos = nowNanos;
  }

  /// Tells whether one more try is paid for, out of the model's retry budget: that is asked for one
  /// at a time, and not again once it has denied one. Also asked by threads that relay, while the
  /// exchange's waits for them.
  boolean pays(long nowNanos) {
    if (payment == Payment.NOT_ASKED) {
      payment = model.retries().take(nowNanos) ? Payment.PAID : Payment.DENIED;
    }
    return payment == Payment.PAID;
  }

  /// Notes that a second backend is asked, too.
  void hedged() {
    attempts++;
  }

  /// Notes that not the backend that was asked first has answered, but this one.
  void answeredBy(Backend second) {
    backend = second;
  }

  /// Gives the backend that was asked last, or `null` if none was.
  @Nullable Backend backend() {
    return backend;
  }

  String backendName() {
    return backend == null ? "" : backend.name();
  }

  void ended(long nowNanos) {
    serviceNanos = nowNanos - startedNanos;
  }

  void relayed(HttpRelay.Ending ending) {
    status = ending.status();
    verdict =
        switch (ending.outcome()) {
          case SERVED -> AuditVerdict.SERVED;
          case OVERLOADED -> AuditVerdict.FAILED;
          case ABANDONED -> status < 400 ? AuditVerdict.ABANDONED : AuditVerdict.REFUSED;
          case FAILED -> AuditVerdict.FAILED;
        };
    if (verdict == AuditVerdict.ABANDONED) {
      reason = Reason.CALLER_GONE.wire();
    } else if (verdict == AuditVerdict.REFUSED) {
      reason = HttpRelay.BACKEND_REFUSED;
    }
  }

  /// Answers with the model's answer.
  void answer(OipAnswer answer) {
    status = 200;
    verdict = AuditVerdict.SERVED;
    call.response().getHeaders().add(provenance());
    call.setHeader("Server-Timing", serverTiming());
    if (answer.isBinary()) {
      call.setHeader(OipBody.JSON_LENGTH, String.valueOf(answer.jsonLength()));
      call.answerRaw(200, answer.bytes());
    } else {
      call.answer(200, answer.bytes());
    }
  }

  void refuse(Refusal refusal) {
    status = refusal.status();
    reason = refusal.reason();
    verdict = refusal.verdict(attempts > 0);
    Body begun = body;
    if (begun != null && !begun.isWhole()) {
      call.endConnection();
    }
    call.refuse(refusal);
  }

  /// Writes what has happened to the audit trail: a row, or for a shed one more in its count.
  void writeTo(AuditTrail audit, Slot slot) {
    if (verdict == AuditVerdict.SHED) {
      audit.release(slot);
      audit.shed(caller.name(), null, model.name(), String.valueOf(reason));
      return;
    }
    Body read = body;
    // Where the model that stands in has refused it, it ended at the one that was asked.
    boolean gotNoFurther = backend == null && failed != null;
    ModelVersion served = gotNoFurther ? wanted : model;
    Backend asked = gotNoFurther ? failed : backend;
    audit.record(
        slot,
        new AuditRow(
            audit.newId(),
            receivedAt,
            caller.name(),
            served.name(),
            served.version(),
            asked == null ? null : asked.name(),
            verdict,
            reason == null && standsIn ? FALLBACK : reason,
            status,
            read != null && read.isWhole() ? read.digestHex() : null,
            read == null ? 0 : read.size(),
            waitNanos,
            serviceNanos,
            TraceContext.traceId(call.header("traceparent"))));
  }

  /// Gives the headers that say who answered.
  HttpFields provenance() {
    return provenance(backend);
  }

  /// Gives the same where this backend answers.
  HttpFields provenance(@Nullable Backend asked) {
    HttpFields.Mutable fields = HttpFields.build();
    fields.put("Triage-Model", model.name());
    fields.put("Triage-Model-Version", model.version());
    if (asked != null) {
      fields.put("Triage-Backend", asked.name());
    }
    fields.put("Triage-Attempts", attempts);
    if (standsIn) {
      fields.put("Triage-Fallback-For", wanted.name());
    }
    return fields;
  }

  private String serverTiming() {
    return String.format(
        Locale.ROOT,
        "queue;dur=%.3f, service;dur=%.3f",
        waitNanos / NANOS_PER_MILLI,
        serviceNanos / NANOS_PER_MILLI);
  }
}
