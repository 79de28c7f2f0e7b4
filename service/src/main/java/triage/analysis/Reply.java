package triage.analysis;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/// An answer, ready to be sent.
///
/// **Threads**: immutable by contract; the array is shared, not copied.
///
/// @param status the HTTP status
/// @param contentType of the body
/// @param headers by name
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record Reply(int status, String contentType, Map<String, String> headers, byte[] body) {
  static final String JSON = "application/json";
  static final String PROBLEM = "application/problem+json";

  /// Gives the answer to a job that was accepted and is not done yet.
  ///
  /// @param comeback after how many seconds it may be
  /// @param waited how long it was waited for
  static Reply accepted(UUID id, long comeback, Duration waited) {
    return new Reply(
        202,
        JSON,
        Map.of(
            "Location",
            JobJson.path(id),
            "Preference-Applied",
            Preference.applied(true, waited),
            "Retry-After",
            String.valueOf(comeback)),
        JobJson.accepted(id));
  }

  /// Gives the answer of a job that is over: its result, or what the model said against it.
  static Reply over(Job job) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Location", JobJson.path(job.id()));
    headers.put("Triage-Model", job.submission().model());
    headers.put("Triage-Model-Version", String.valueOf(job.submission().version()));
    Ending ending = job.ending();
    if (ending != null && ending.backend() != null) {
      headers.put("Triage-Backend", ending.backend());
    }
    if (ending != null && ending.state() == JobState.FAILED && ending.status() >= 400) {
      headers.put("Triage-Reason", Endings.BACKEND_REFUSED);
      return new Reply(ending.status(), PROBLEM, headers, JobJson.problem(job, ending));
    }
    return new Reply(200, JSON, headers, JobJson.job(job));
  }

  /// Gives the same answer, as one that was waited for.
  Reply after(Duration waited) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put("Preference-Applied", Preference.applied(false, waited));
    return new Reply(status, contentType, more, body);
  }

  /// Gives the status of [#over], or 202 for a job that has no answer to give.
  static int statusOf(Job job) {
    return switch (job.state()) {
      case DONE -> 200;
      case FAILED -> job.ending() == null ? 202 : Math.max(400, job.ending().status());
      case ATTACHED, WAITING, RUNNING, DEAD, CANCELLED -> 202;
    };
  }
}
