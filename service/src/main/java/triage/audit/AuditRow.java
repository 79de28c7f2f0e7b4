package triage.audit;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One exchange: who asked what of which model version, when, and what came of it. No payload, no
/// token, no subject.
///
/// Texts may come from outside: they are cut to 200 characters and freed of control characters, so
/// that no caller can make its own row fail.
///
/// **Threads**: immutable.
///
/// @param id from [AuditTrail#newId]
/// @param receivedAt when the request arrived, by the wall clock
/// @param caller who the token says it was
/// @param model the model asked for
/// @param modelVersion the version that was chosen; null if it did not come to that
/// @param backend the backend that was chosen; null if it did not come to that
/// @param verdict what came of it
/// @param reason why, where the verdict alone does not say it
/// @param status the HTTP status that was sent, or 0 if the caller was gone
/// @param inputSha256 digest of the body, 64 hex digits; null if it was never read to its end
/// @param bodyBytes bytes of the body that were read
/// @param waitNanos time spent in the queue
/// @param serviceNanos time spent at the backend
/// @param traceId of the caller's `traceparent`; null if there was none
public record AuditRow(
    UUID id,
    Instant receivedAt,
    String caller,
    String model,
    @Nullable String modelVersion,
    @Nullable String backend,
    AuditVerdict verdict,
    @Nullable String reason,
    int status,
    @Nullable String inputSha256,
    long bodyBytes,
    long waitNanos,
    long serviceNanos,
    @Nullable String traceId) {

  /// Checks the numbers and the digest, and bounds the texts.
  ///
  /// @throws IllegalArgumentException if a number is negative or the digest is none
  public AuditRow {
    if (status != 0 && (status < 100 || status > 599)) {
      throw new IllegalArgumentException("status: " + status + " (expected: 0 or 100 to 599)");
    }
    if (inputSha256 != null && !isSha256(inputSha256)) {
      throw new IllegalArgumentException(
          "inputSha256: of length " + inputSha256.length() + " (expected: 64 hex digits)");
    }
    checkNotNegative("bodyBytes", bodyBytes);
    checkNotNegative("waitNanos", waitNanos);
    checkNotNegative("serviceNanos", serviceNanos);
    caller = AuditText.bounded(caller);
    model = AuditText.bounded(model);
    modelVersion = AuditText.boundedOrNull(modelVersion);
    backend = AuditText.boundedOrNull(backend);
    reason = AuditText.boundedOrNull(reason);
    traceId = AuditText.boundedOrNull(traceId);
  }

  private static boolean isSha256(String digest) {
    if (digest.length() != 64) {
      return false;
    }
    for (int i = 0; i < digest.length(); i++) {
      if (Character.digit(digest.charAt(i), 16) < 0) {
        return false;
      }
    }
    return true;
  }

  private static void checkNotNegative(String name, long value) {
    if (value < 0) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: >= 0)");
    }
  }
}
