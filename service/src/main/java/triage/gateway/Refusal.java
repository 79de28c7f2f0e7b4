package triage.gateway;

import org.jspecify.annotations.Nullable;
import triage.admission.Reason;
import triage.admission.Ticket;

/// An answer that says no: what the caller learns, in no dialect yet.
///
/// @param status the HTTP status
/// @param reason the word for programs, or `null` where the status says it all
/// @param retryAfterNanos when a new try is likely to pass; 0 if a new try makes no sense
/// @param message what is wrong and what to do, for people
/// @param param the member of the body that is wrong, for dialects that tell; or `null`
public record Refusal(
    int status,
    @Nullable String reason,
    long retryAfterNanos,
    String message,
    @Nullable String param) {

  /// Makes a refusal that is not about a member of the body.
  public Refusal(int status, @Nullable String reason, long retryAfterNanos, String message) {
    this(status, reason, retryAfterNanos, message, null);
  }

  /// Tells whether the same request may well be served when it is sent again.
  boolean isWorthAnotherTry() {
    return retryAfterNanos > 0 || status == 408 || status == 503;
  }

  /// Gives a 400.
  public static Refusal badRequest(String message) {
    return new Refusal(400, null, 0, message);
  }

  /// Gives the refusal of a ticket that was not admitted.
  static Refusal of(Ticket ticket) {
    Reason reason = ticket.reason();
    if (reason == null) {
      throw new IllegalStateException("not refused: " + ticket.state());
    }
    return of(reason, ticket.retryAfterNanos());
  }

  static Refusal of(Reason reason, long retryAfterNanos) {
    return new Refusal(status(reason), reason.wire(), retryAfterNanos, message(reason));
  }

  private static int status(Reason reason) {
    return switch (reason) {
      case SHED_SHARE, SHED_PRIORITY -> 429;
      case SHED_PRESSURE, DEADLINE_UNREACHABLE, BREAKER_OPEN, NO_BACKEND, DRAINING -> 503;
      case DEADLINE_EXCEEDED -> 504;
      // Nobody reads this answer; the number is for the audit row, as nginx has it.
      case CALLER_GONE -> 499;
    };
  }

  private static String message(Reason reason) {
    return switch (reason) {
      case SHED_SHARE -> "your share of this model's queue is used up; try again after Retry-After";
      case SHED_PRIORITY ->
          "requests of higher criticality took the room; try again after Retry-After";
      case SHED_PRESSURE -> "this instance is saturated; try again after Retry-After";
      case DEADLINE_UNREACHABLE ->
          "the answer would come after your deadline; raise Request-Timeout or try again after"
              + " Retry-After";
      case DEADLINE_EXCEEDED -> "the deadline passed before the answer was there";
      case BREAKER_OPEN -> "the model's backends are failing; try again after Retry-After";
      case NO_BACKEND -> "no backend of this model is in rotation; try again after Retry-After";
      case DRAINING ->
          "this instance is going down; try again, on another instance if there is one";
      case CALLER_GONE -> "the caller went away";
    };
  }
}
