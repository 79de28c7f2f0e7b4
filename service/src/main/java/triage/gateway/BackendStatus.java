package triage.gateway;

import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Set;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpDateTime;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.jspecify.annotations.Nullable;
import triage.admission.Outcome;
import triage.backend.Attempt;
import triage.backend.HttpBackend;

/// What a model server's status means, for all who ask one: its breaker, its rest and the gate
/// learn the same, whether the answer is relayed or kept.
///
/// **Threads**: no state.
final class BackendStatus {
  /// What a backend says when it is itself at fault, or what stands before it: it asks for another
  /// token, serves another path, or was too slow to read. The same content may pass the next time.
  private static final Set<Integer> FAULTS = Set.of(401, 403, 404, 405, 407, 408, 425);

  private static final Set<Integer> CREDENTIALS = Set.of(401, 407);

  private static final Pattern SECONDS = Pattern.compile("[0-9]{1,9}");
  private static final int RETRY_AFTER_SECONDS_MAX = 999_999_999;
  private static final int DATE_LENGTH_MAX = 64;
  private static final long UNREADABLE = Long.MIN_VALUE;

  private BackendStatus() {}

  /// Tells whether the server says that it has too much to do.
  static boolean saysTooMuch(int status) {
    return status == 429 || status == 503;
  }

  /// Tells the server's breaker and its rest of an answer, and gives what the gate learns.
  ///
  /// @param attempt the exchange, which ends here
  /// @param retryAfterNanos what [#retryAfterNanos] gave
  /// @param known whether Triage knows that the backend is to serve that path, and that the status
  ///     is for nothing that the caller did
  static Outcome settle(
      HttpBackend backend, Attempt attempt, int status, long retryAfterNanos, boolean known) {
    if (isFailure(status, known)) {
      attempt.failed();
      return Outcome.FAILED;
    }
    if (saysTooMuch(status)) {
      attempt.refused();
      backend.rest().refused(retryAfterNanos);
      return Outcome.OVERLOADED;
    }
    attempt.succeeded();
    backend.rest().worked();
    return status < 400 ? Outcome.SERVED : Outcome.ABANDONED;
  }

  /// Tells whether an answer of this status says nothing about the content that was asked about. A
  /// redirect is one: nobody follows it.
  static boolean isFault(int status) {
    return (status >= 300 && status < 400) || FAULTS.contains(status);
  }

  /// Tells whether a breaker takes a status for a failure.
  ///
  /// **Source**: decisions 0011 and 0038.
  static boolean isFailure(int status, boolean known) {
    return (status >= 500 && status != 501 && status != 503)
        || (known ? isFault(status) : CREDENTIALS.contains(status));
  }

  /// Tells the server's breaker of an exchange that ended without an answer, or in the middle of
  /// one.
  static void settleBroken(Attempt attempt, @Nullable Throwable cause) {
    if (isUnreached(cause)) {
      attempt.unreached();
    } else {
      attempt.failed();
    }
  }

  /// Tells whether not one byte can have reached the server.
  static boolean isUnreached(@Nullable Throwable cause) {
    return cause instanceof ConnectException || cause instanceof SocketTimeoutException;
  }

  /// Gives the nanoseconds until the moment that a backend's Retry-After names; 0 where it names
  /// none, or one that has passed.
  ///
  /// A number of seconds is taken as it is. A date is compared with the answer's own `Date`, so
  /// that the two clocks need not agree; only where there is none, with the clock here. Both are
  /// bounded by 999,999,999 s; who acts upon them has a bound of its own.
  ///
  /// @param answer the headers of the backend's answer
  /// @param wallClock this machine's
  static long retryAfterNanos(HttpFields answer, InstantSource wallClock) {
    String value = answer.get(HttpHeader.RETRY_AFTER);
    if (value == null || value.length() > DATE_LENGTH_MAX) {
      return 0;
    }
    if (SECONDS.matcher(value).matches()) {
      return Duration.ofSeconds(Integer.parseInt(value)).toNanos();
    }
    long asked = epochSecond(value);
    if (asked == UNREADABLE) {
      return 0;
    }
    String date = answer.get(HttpHeader.DATE);
    long said = date == null ? UNREADABLE : epochSecond(date);
    long now = said == UNREADABLE ? wallClock.instant().getEpochSecond() : said;
    return Duration.ofSeconds(Math.clamp(asked - now, 0, RETRY_AFTER_SECONDS_MAX)).toNanos();
  }

  /// Reads an HTTP date (RFC 9110, section 5.6.7).
  private static long epochSecond(String date) {
    try {
      return HttpDateTime.parse(date).toEpochSecond();
    } catch (RuntimeException unreadable) {
      return UNREADABLE;
    }
  }
}
