package triage.gateway;

import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.client.BytesRequestContent;
import org.eclipse.jetty.client.ContentResponse;
import org.eclipse.jetty.client.Request;
import org.eclipse.jetty.http.HttpMethod;
import org.jspecify.annotations.Nullable;
import triage.admission.Outcome;
import triage.backend.Attempt;
import triage.backend.HttpBackend;

/// One admitted request to a model server whose answer is kept whole in memory.
///
/// The breaker and the gate learn the same from it as from a relayed one.
///
/// **Threads**: confined to the caller's, which waits for the end.
final class BufferedRelay {
  /// The largest answer that is kept.
  static final int ANSWER_BYTES_MAX = 16 << 20;

  /// How it ended.
  ///
  /// @param outcome what the gate learns
  /// @param status the model server's, or 0 if it did not answer
  /// @param body its answer, or `null`
  /// @param untried whether the request never reached the model server, or it had no room
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Ending(Outcome outcome, int status, byte @Nullable [] body, boolean untried) {}

  private final HttpBackend backend;
  private final Attempt attempt;
  private final InstantSource wallClock;
  private final Request request;

  /// Prepares the request; nothing is sent yet.
  ///
  /// @param caller who asks
  BufferedRelay(
      HttpBackend backend, String caller, String path, byte[] body, InstantSource wallClock) {
    this.backend = backend;
    this.attempt = backend.breaker().attempt(caller);
    this.wallClock = wallClock;
    this.request =
        backend
            .request(HttpMethod.POST, path)
            .body(new BytesRequestContent("application/json", body))
            .onResponseBegin(response -> attempt.progressed());
  }

  /// Tells whether the server's breaker lets the request go on. Then it must be relayed.
  boolean begin() {
    return attempt.begin();
  }

  /// Sends the request and waits until it is over, or given up.
  ///
  /// @param patience how long until the whole answer is there, at most
  /// @param gone completes when nobody waits for the answer any more
  Ending relay(Duration patience, CompletableFuture<@Nullable Void> gone) {
    request.headers(headers -> headers.put("Request-Timeout", RequestHeaders.inSeconds(patience)));
    backend.attempted();
    CompletableFuture<ContentResponse> answer;
    try {
      answer = backend.whole(request, ANSWER_BYTES_MAX, attempt::progressed);
    } catch (RuntimeException | Error e) {
      attempt.abandoned();
      throw e;
    }
    try {
      CompletableFuture.anyOf(answer, gone).get(patience.toNanos(), TimeUnit.NANOSECONDS);
      return answer.isDone() ? settled(answer.get()) : givenUp(answer);
    } catch (TimeoutException e) {
      answer.cancel(true);
      attempt.timedOut();
      return new Ending(Outcome.OVERLOADED, 0, null, false);
    } catch (ExecutionException e) {
      BackendStatus.settleBroken(attempt, e.getCause());
      return new Ending(Outcome.FAILED, 0, null, BackendStatus.isUnreached(e.getCause()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return givenUp(answer);
    }
  }

  private Ending givenUp(CompletableFuture<ContentResponse> answer) {
    answer.cancel(true);
    attempt.abandoned();
    return new Ending(Outcome.ABANDONED, 0, null, false);
  }

  private Ending settled(ContentResponse response) {
    int status = response.getStatus();
    byte[] body = response.getContent();
    backend.heard(response.getHeaders());
    long retryAfterNanos = BackendStatus.retryAfterNanos(response.getHeaders(), wallClock);
    if (status < 400) {
      attempt.answering();
    }
    Outcome outcome = BackendStatus.settle(backend, attempt, status, retryAfterNanos, true);
    boolean untried = outcome == Outcome.OVERLOADED;
    return new Ending(outcome, status > HttpRelay.STATUS_MAX ? 0 : status, body, untried);
  }
}
