package triage.audit;

import java.time.Instant;
import java.util.UUID;
import triage.store.RowKind;

/// What an operator has changed while the service ran, as a row.
///
/// **Threads**: immutable.
///
/// @param changedAt when, by the wall clock
/// @param caller who, by the token
/// @param setting what kind of thing, such as `mode`
/// @param target of which part, such as `door`
/// @param from what held before
/// @param to what holds since
public record ChangeRow(
    UUID id,
    Instant changedAt,
    String caller,
    String setting,
    String target,
    String from,
    String to) {

  /// Bounds the texts.
  public ChangeRow {
    caller = AuditText.bounded(caller);
    setting = AuditText.bounded(setting);
    target = AuditText.bounded(target);
    from = AuditText.bounded(from);
    to = AuditText.bounded(to);
  }

  /// Gives what inserts such rows, for who makes the change in a transaction.
  public static RowKind<ChangeRow> rows() {
    return new ChangeDao();
  }
}
