package triage.admission;

/// How a permit ended. Each permit ends in exactly one of these.
///
/// Only [#SERVED] and [#OVERLOADED] say anything about a backend's capacity.
public enum Outcome {
  /// The backend did the work and answered.
  SERVED,
  /// The backend said that it has too much to do, or did not answer within the deadline.
  OVERLOADED,
  /// The work was given up for a reason that is not the backend's: the caller left, or its content
  /// was refused.
  ABANDONED,
  /// The backend failed: refused the connection, broke off, or answered with an error of its own.
  FAILED
}
