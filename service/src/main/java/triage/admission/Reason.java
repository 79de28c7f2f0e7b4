package triage.admission;

/// Why a request was not served: the word that callers, metrics and audit rows share.
///
/// The wire names are part of the contract; they never change their meaning.
public enum Reason {
  /// The caller's fair share of the queue is used up.
  SHED_SHARE("shed-share"),
  /// Requests of higher criticality took the room.
  SHED_PRIORITY("shed-priority"),
  /// This instance is saturated.
  SHED_PRESSURE("shed-pressure"),
  /// Nothing more can be taken in to be answered later.
  INTAKE_FULL("intake-full"),
  /// Waiting and service together would take longer than the caller will wait.
  DEADLINE_UNREACHABLE("deadline-unreachable"),
  /// The deadline passed while the request waited or while the model worked.
  DEADLINE_EXCEEDED("deadline-exceeded"),
  /// The breakers of all backends are open.
  BREAKER_OPEN("breaker-open"),
  /// No backend is in rotation.
  NO_BACKEND("no-backend"),
  /// This instance is going down and takes no new work.
  DRAINING("draining"),
  /// The caller went away before the answer was there.
  CALLER_GONE("caller-gone");

  private final String wire;

  Reason(String wire) {
    this.wire = wire;
  }

  /// Gives the name in headers, bodies, metrics and audit rows.
  public String wire() {
    return wire;
  }
}
