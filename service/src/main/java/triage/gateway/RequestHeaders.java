package triage.gateway;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import triage.admission.Criticality;

/// What callers say of a request in its headers, read as bounded values.
///
/// **Threads**: no state.
final class RequestHeaders {
  private static final int DIGITS_MAX = 9;
  private static final int MEMBERS_MAX = 16;
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  private RequestHeaders() {}

  /// Gives the criticality that a `Priority` header asks for; what cannot be read counts as absent,
  /// as RFC 9218 section 4 wants it.
  ///
  /// @param priority such as `u=1, i`
  /// @param ceiling the highest class the caller may ask for
  static Criticality criticality(@Nullable String priority, Criticality ceiling) {
    Criticality asked = Criticality.CRITICAL;
    if (priority != null && priority.length() <= 256) {
      // No split: this runs for every request at the front door, which makes no garbage.
      int begin = 0;
      for (int members = 0; members < MEMBERS_MAX && begin <= priority.length(); members++) {
        int comma = priority.indexOf(',', begin);
        int end = comma < 0 ? priority.length() : comma;
        int urgency = urgency(priority, begin, end);
        if (urgency >= 0) {
          asked = Criticality.ofUrgency(urgency);
        }
        begin = end + 1;
      }
    }
    return asked.clampedTo(ceiling);
  }

  /// Gives the urgency in one member of a `Priority` header, such as `u=1`; -1 if it is another.
  private static int urgency(String priority, int from, int to) {
    int begin = from;
    int end = to;
    while (begin < end && Character.isWhitespace(priority.charAt(begin))) {
      begin++;
    }
    while (begin < end && Character.isWhitespace(priority.charAt(end - 1))) {
      end--;
    }
    if (end - begin != 3 || !priority.startsWith("u=", begin)) {
      return -1;
    }
    int urgency = priority.charAt(end - 1) - '0';
    return urgency >= 0 && urgency <= 7 ? urgency : -1;
  }

  /// Gives how long the caller is willing to wait.
  ///
  /// @param timeout the `Request-Timeout` header: seconds, decimals allowed
  /// @param otherwise for a caller who does not say
  /// @param max what a longer wish is cut to
  /// @throws RefusedException 400 if the header is no positive decimal number
  static Duration patience(@Nullable String timeout, Duration otherwise, Duration max)
      throws RefusedException {
    if (timeout == null) {
      return otherwise;
    }
    long nanos = decimalSeconds(timeout.strip());
    if (nanos <= 0) {
      throw new RefusedException(
          Refusal.badRequest(
              "Request-Timeout must be seconds as a positive decimal number, such as 2.5"));
    }
    return nanos > max.toNanos() ? max : Duration.ofNanos(nanos);
  }

  /// Writes a time as a number of seconds, to the millisecond.
  static String inSeconds(Duration time) {
    // By hand: a Formatter for each request was 1 % of what a proxied one costs.
    long millis = time.toMillis();
    long fraction = millis % 1000;
    String zeros = fraction < 10 ? ".00" : fraction < 100 ? ".0" : ".";
    return millis / 1000 + zeros + fraction;
  }

  /// Reads seconds as nanoseconds; -1 if the text is no plain decimal number. Numbers of more than
  /// nine digits before the point count as that many seconds.
  private static long decimalSeconds(String text) {
    int point = text.indexOf('.');
    int end = point < 0 ? text.length() : point;
    int fraction = point < 0 ? 0 : text.length() - point - 1;
    if (end == 0 || end > 64 || fraction > 64 || (point >= 0 && fraction == 0)) {
      return -1;
    }
    if (!areDigits(text, 0, end) || !areDigits(text, end + 1, text.length())) {
      return -1;
    }
    int first = 0;
    while (first < end - 1 && text.charAt(first) == '0') {
      first++;
    }
    long seconds = end - first > DIGITS_MAX ? 999_999_999L : Long.parseLong(text, first, end, 10);
    long nanos = 0;
    for (int i = 1; i <= DIGITS_MAX; i++) {
      nanos = nanos * 10 + (i <= fraction ? text.charAt(point + i) - '0' : 0);
    }
    return seconds * NANOS_PER_SECOND + nanos;
  }

  /// Tells whether `Prefer` asks for an answer later.
  ///
  /// @param preferences the members of all `Prefer` headers
  static boolean wantsAsync(List<String> preferences) {
    return !preferences.isEmpty()
        && preferences.stream()
            .limit(MEMBERS_MAX)
            .anyMatch(member -> member.split(";", 2)[0].strip().equalsIgnoreCase("respond-async"));
  }

  private static boolean areDigits(String text, int from, int to) {
    for (int i = from; i < to; i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return true;
  }
}
