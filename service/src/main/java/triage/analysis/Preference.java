package triage.analysis;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import triage.gateway.Refusal;
import triage.gateway.RefusedException;

/// How a caller wants its answer: at once, or later.
///
/// **Source**: RFC 7240, sections 2, 4.1 and 4.3; preferences that are not known are passed over.
///
/// **Threads**: immutable.
///
/// @param async whether the caller takes a 202
/// @param patience how long it waits for more than that; `null` where it does not say
record Preference(boolean async, @Nullable Duration patience) {
  private static final int MEMBERS_MAX = 16;
  private static final int DIGITS_MAX = 9;

  /// Reads `Prefer` headers.
  ///
  /// @param headers their values, in their order
  /// @param waitMax what a longer wait is cut to
  /// @throws RefusedException 400 if `wait` is no whole number of seconds
  static Preference of(List<String> headers, Duration waitMax) throws RefusedException {
    boolean async = false;
    Duration wait = null;
    int members = 0;
    for (String header : headers) {
      for (String member : header.split(",", MEMBERS_MAX + 1)) {
        if (++members > MEMBERS_MAX) {
          throw new RefusedException(
              Refusal.badRequest("Prefer holds more than " + MEMBERS_MAX + " preferences"));
        }
        String preference = member.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
        if (preference.equals("respond-async")) {
          async = true;
        } else if (wait == null && preference.split("=", 2)[0].strip().equals("wait")) {
          wait = wait(preference.substring("wait".length()).strip(), waitMax);
        }
      }
    }
    return new Preference(async, wait);
  }

  /// Gives how long to wait before a 202. Without `respond-async` that is not at all: who does not
  /// take a 202 has no use for the bound that a mere `wait` sets, and says how long its patience is
  /// by `Request-Timeout`.
  Duration deferral() {
    return async && patience != null ? patience : Duration.ZERO;
  }

  /// Gives the preferences that an answer follows.
  ///
  /// @param later whether it is a 202
  /// @param waited how long it may have been waited for
  static String applied(boolean later, Duration waited) {
    String wait = waited.isPositive() ? "wait=" + waited.toSeconds() : "";
    if (!later) {
      return wait;
    }
    return wait.isEmpty() ? "respond-async" : "respond-async, " + wait;
  }

  /// Tells whether a text is a header that this can read.
  static boolean isReadable(String header) {
    try {
      return of(List.of(header), Duration.ofDays(1)).async();
    } catch (RefusedException e) {
      return false;
    }
  }

  private static Duration wait(String assigned, Duration waitMax) throws RefusedException {
    String digits = assigned.startsWith("=") ? assigned.substring(1).strip() : "";
    boolean number =
        !digits.isEmpty()
            && digits.length() <= DIGITS_MAX
            && digits.chars().allMatch(c -> c >= '0' && c <= '9');
    if (!number) {
      throw new RefusedException(
          Refusal.badRequest(
              "Prefer: wait must be whole seconds of at most "
                  + DIGITS_MAX
                  + " digits, such as wait=2; more than "
                  + waitMax.toSeconds()
                  + " counts as that"));
    }
    Duration asked = Duration.ofSeconds(Integer.parseInt(digits));
    return asked.compareTo(waitMax) > 0 ? waitMax : asked;
  }
}
