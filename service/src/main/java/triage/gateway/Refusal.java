package triage.gateway;

import org.jspecify.annotations.Nullable;
import triage.admission.Outcome;
import triage.admission.Reason;
import triage.admission.Ticket;
import triage.audit.AuditVerdict;

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
  /// When a new try is likely to pass where nothing better is known.
  static final long SOON_NANOS = 1_000_000_000L;

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

  /// Gives the refusal of a request that an admitted call to a model server left without an answer.
  static Refusal unanswered(Outcome outcome) {
    return switch (outcome) {
      case OVERLOADED -> of(Reason.DEADLINE_EXCEEDED, 0);
      case ABANDONED -> of(Reason.CALLER_GONE, 0);
      case SERVED, FAILED -> of(Reason.NO_BACKEND, SOON_NANOS);
    };
  }

  /// Gives the refusal of a request that a model server answered with a redirect or a fault of its
  /// own, which its caller cannot mend ([BackendStatus#isFault]).
  ///
  /// @param status the server's
  static Refusal serverAtFault(int status) {
    return new Refusal(
        502,
        null,
        0,
        "the model server answered with status "
            + status
            + ", a redirect or a fault of its own that says nothing about what was asked; its owner"
            + " must mend it");
  }

  /// Gives the refusal of a request that a fault of the program's own has ended.
  static Refusal failedInside() {
    return new Refusal(500, null, 0, "something failed inside; the log tells what");
  }

  /// Gives what the audit trail calls this.
  ///
  /// @param dispatched whether a backend had been chosen
  AuditVerdict verdict(boolean dispatched) {
    if (Reason.CALLER_GONE.wire().equals(reason)) {
      return AuditVerdict.ABANDONED;
    }
    if (status == 504) {
      return AuditVerdict.EXPIRED;
    }
    if (reason != null) {
      return dispatched ? AuditVerdict.FAILED : AuditVerdict.SHED;
    }
    return status < 500 && status != 429 ? AuditVerdict.REFUSED : AuditVerdict.FAILED;
  }

  private static int status(Reason reason) {
    return switch (reason) {
      case SHED_SHARE, SHED_PRIORITY -> 429;
      case SHED_PRESSURE, INTAKE_FULL, DEADLINE_UNREACHABLE, BREAKER_OPEN, NO_BACKEND, DRAINING ->
          503;
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
      case INTAKE_FULL -> "nothing more can be taken in just now; try again after Retry-After";
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
