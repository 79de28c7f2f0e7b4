package triage.analysis;

import java.util.UUID;
import org.jspecify.annotations.Nullable;
import triage.gateway.Refusal;

/// A line of a batch that is no job, and why: a row to be inserted.
///
/// **Threads**: immutable by contract.
///
/// @param caller whose batch it is
/// @param status as the HTTP status of a submission of its own would be
/// @param detail what is wrong and what to do
/// @param pointer to the member that is wrong, or `null`
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record RefusedLine(
    UUID batch,
    String caller,
    long line,
    byte[] sha256,
    int status,
    String detail,
    @Nullable String pointer) {

  /// Makes the row of a refusal.
  static RefusedLine of(Batch batch, Lines.Line line, Refusal refusal) {
    return new RefusedLine(
        batch.id(),
        batch.caller(),
        line.number(),
        line.sha256(),
        refusal.status(),
        refusal.message(),
        refusal.param());
  }
}
