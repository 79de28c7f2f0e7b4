package triage.audit;

/// Why something is missing from the trail.
enum GapCause {
  /// Exchanges went on without a row, because the settings say so.
  BUFFER_FULL,
  /// The store refused the rows of exchanges.
  ROW_REFUSED,
  /// Sheds were more than could be told apart or kept.
  SHEDS_UNCOUNTED
}
