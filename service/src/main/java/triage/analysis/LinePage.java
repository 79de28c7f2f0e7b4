package triage.analysis;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import triage.gateway.Refusal;
import triage.gateway.RefusedException;

/// Which lines of a batch a caller wants to be told of.
///
/// **Threads**: immutable.
///
/// @param after the line before the first
/// @param limit how many at most
/// @param state only those of this state; empty: all
record LinePage(long after, int limit, String state) {
  private static final int LIMIT_MAX = 10_000;
  private static final int LIMIT_DEFAULT = 1_000;
  private static final long AFTER_MAX = 999_999_999_999L;
  private static final Set<String> STATES =
      Set.of("waiting", "running", "done", "failed", "dead", "cancelled", "refused");

  /// Reads the parameters of a query.
  ///
  /// @throws RefusedException 400 naming the one that breaks its rule
  static LinePage of(@Nullable String after, @Nullable String limit, @Nullable String state)
      throws RefusedException {
    if (state != null && !STATES.contains(state)) {
      throw refused("state must be one of " + String.join(", ", STATES.stream().sorted().toList()));
    }
    return new LinePage(
        number("after", after, 0, 0, AFTER_MAX),
        (int) number("limit", limit, LIMIT_DEFAULT, 1, LIMIT_MAX),
        state == null ? "" : state);
  }

  /// Gives the header that leads to the next page.
  ///
  /// **Source**: RFC 8288.
  ///
  /// @param path of the batch
  /// @param last the last line that was told
  String next(String path, long last) {
    return "<"
        + path
        + "/lines?after="
        + last
        + "&limit="
        + limit
        + (state.isEmpty() ? "" : "&state=" + state)
        + ">; rel=\"next\"";
  }

  private static long number(String name, @Nullable String text, long otherwise, long min, long max)
      throws RefusedException {
    if (text == null) {
      return otherwise;
    }
    boolean digits =
        !text.isEmpty() && text.length() <= 12 && text.chars().allMatch(c -> c >= '0' && c <= '9');
    long value = digits ? Long.parseLong(text) : -1;
    if (value < min || value > max) {
      throw refused(name + " must be a whole number of " + min + " to " + max);
    }
    return value;
  }

  private static RefusedException refused(String message) {
    return new RefusedException(Refusal.badRequest(message));
  }
}
