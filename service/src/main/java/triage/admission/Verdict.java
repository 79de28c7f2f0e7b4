package triage.admission;

/// What a gate says to a request that is offered. The details stand on the request's ticket, so
/// that a decision makes no garbage.
public enum Verdict {
  /// The ticket holds a permit now, and must be settled.
  ADMITTED,
  /// The ticket waits; a later call on the gate decides it.
  WAITING,
  /// The ticket was refused; its reason and its Retry-After estimate are set.
  SHED
}
