package triage.perf.live;

import java.util.Locale;

/// How a request ended, as its caller sees it.
public enum Outcome {
  /// A 2xx within the timeout.
  GOOD,
  /// A refusal that says why, by `Triage-Reason`.
  SHED,
  /// A 2xx after the timeout, but before the connection was given up.
  LATE,
  /// No answer until the connection was given up.
  TIMEOUT,
  /// Any other answer, a broken connection, or none to be had.
  ERROR;

  private final String key = name().toLowerCase(Locale.ROOT);

  /// Gives its name in results.
  String key() {
    return key;
  }
}
