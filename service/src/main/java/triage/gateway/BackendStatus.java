package triage.gateway;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import triage.admission.Outcome;
import triage.backend.HttpBackend;

/// What a model server's status means, for all who ask one: its breaker, its rest and the gate
/// learn the same, whether the answer is relayed or kept.
///
/// **Threads**: no state.
final class BackendStatus {
  private BackendStatus() {}

  /// Tells whether the server says that it has too much to do.
  static boolean saysTooMuch(int status) {
    return status == 429 || status == 503;
  }

  /// Tells the server's breaker and its rest of an answer, and gives what the gate learns.
  ///
  /// @param retryAfterNanos what [#retryAfterNanos] gave
  static Outcome settle(HttpBackend backend, int status, long retryAfterNanos) {
    if (isFailure(status)) {
      backend.breaker().failed();
      return Outcome.FAILED;
    }
    if (saysTooMuch(status)) {
      backend.breaker().abandoned();
      backend.rest().refused(retryAfterNanos);
      return Outcome.OVERLOADED;
    }
    backend.breaker().succeeded();
    backend.rest().worked();
    return status < 400 ? Outcome.SERVED : Outcome.ABANDONED;
  }

  private static boolean isFailure(int status) {
    return status >= 500 && status != 501 && status != 503;
  }

  /// Gives the nanoseconds that a backend's Retry-After names, in seconds; 0 where it names none. A
  /// date is not read: it would need the backend's clock.
  static long retryAfterNanos(@Nullable String value) {
    return value != null && value.matches("[0-9]{1,9}")
        ? Duration.ofSeconds(Integer.parseInt(value)).toNanos()
        : 0;
  }
}
