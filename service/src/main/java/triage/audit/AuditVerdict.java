package triage.audit;

/// What came of an exchange, as its audit row says it.
public enum AuditVerdict {
  /// A model answered.
  SERVED,
  /// The caller was told that the request is wrong, by Triage or by the model.
  REFUSED,
  /// Turned away for lack of capacity or quota.
  SHED,
  /// The deadline passed, in the queue or at the model.
  EXPIRED,
  /// No answer came, or one that says the fault is on this side.
  FAILED,
  /// The caller hung up.
  ABANDONED
}
