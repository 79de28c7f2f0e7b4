package triage.gateway;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.admission.Outcome;
import triage.admission.Reason;
import triage.admission.Ticket;
import triage.backend.InProcessBackend;
import triage.backend.ModelVersion;
import triage.backend.Pass;
import triage.backend.Tensor;
import triage.time.MonotonicClock;

/// Runs an admitted request on a model in this process.
///
/// Native code cannot be interrupted, so a request that outlives its deadline, or that nobody waits
/// for any more, keeps its permit until the model has really finished: the gate must know what is
/// truly in flight.
///
/// **Threads**: safe for use by several threads.
final class InProcessCall {
  private static final Logger LOG = LoggerFactory.getLogger(InProcessCall.class);

  private final MonotonicClock clock;

  InProcessCall(MonotonicClock clock) {
    this.clock = clock;
  }

  /// Runs the model, and gives the answer's body.
  ///
  /// @param body the whole request body
  /// @param gone completes when nobody waits for the answer any more
  /// @throws RefusedException 400 for a body that the model does not take, 504 past the deadline,
  ///     500 if the model failed, 499 if nobody waits
  OipAnswer call(
      ModelVersion model,
      InProcessBackend backend,
      Permit permit,
      OipBody body,
      CompletableFuture<@Nullable Void> gone)
      throws RefusedException {
    OipInference inference = new OipReader(backend.spec(), body).read();
    List<Tensor> outputs = run(model, backend, permit, inference, gone);
    return OipWriter.inference(model, inference, outputs);
  }

  private List<Tensor> run(
      ModelVersion model,
      InProcessBackend backend,
      Permit permit,
      OipInference inference,
      CompletableFuture<@Nullable Void> gone)
      throws RefusedException {
    if (leftNanos(permit.pass()) <= 0) {
      // What cannot be interrupted is not begun for nobody.
      throw new RefusedException(Refusal.of(Reason.DEADLINE_EXCEEDED, 0));
    }
    CompletableFuture<List<Tensor>> running = start(backend, inference);
    try {
      await(CompletableFuture.anyOf(running, gone), permit.pass());
      if (!running.isDone()) {
        permit.keepUntilOver(running, Outcome.ABANDONED);
        throw new RefusedException(Refusal.of(Reason.CALLER_GONE, 0));
      }
      List<Tensor> outputs = running.get();
      permit.ended(Outcome.SERVED, 0);
      return outputs;
    } catch (TimeoutException e) {
      permit.keepUntilOver(running, Outcome.OVERLOADED);
      throw new RefusedException(Refusal.of(Reason.DEADLINE_EXCEEDED, 0));
    } catch (ExecutionException e) {
      permit.ended(Outcome.FAILED, 0);
      LOG.error("event=model-failed model={} backend={}", model.name(), backend.name(), e);
      throw new RefusedException(
          new Refusal(500, null, 0, "the model failed on this input; the log tells why"));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      permit.keepUntilOver(running, Outcome.ABANDONED);
      throw new RefusedException(Refusal.of(Reason.DRAINING, 0));
    }
  }

  private static CompletableFuture<List<Tensor>> start(
      InProcessBackend backend, OipInference inference) {
    try {
      return backend.infer(inference.inputs());
    } catch (RejectedExecutionException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private void await(CompletableFuture<Object> either, Pass pass)
      throws InterruptedException, ExecutionException, TimeoutException {
    either.get(Math.max(0, leftNanos(pass)), TimeUnit.NANOSECONDS);
  }

  private long leftNanos(Pass pass) {
    long deadlineNanos = pass.deadlineNanos();
    return deadlineNanos == Ticket.NO_DEADLINE ? Long.MAX_VALUE : deadlineNanos - clock.nanos();
  }
}
