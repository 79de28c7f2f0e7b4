package triage.analysis;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A batch as the store has it.
///
/// **Threads**: immutable by contract.
///
/// @param caller whose it is
/// @param createdAt when its first upload began
/// @param takenTo all lines up to this one have their outcome in the store
/// @param uploading whether an upload is under way
/// @param whole what an upload that came to its end has found, or `null`
record Batch(
    UUID id,
    String caller,
    Instant createdAt,
    long takenTo,
    boolean uploading,
    @Nullable Whole whole) {

  /// What a whole upload held.
  ///
  /// @param lines those that are not blank
  /// @param accepted how many of them are jobs
  /// @param refused how many are not
  /// @param sha256 digest of the body
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Whole(long lines, long accepted, long refused, byte[] sha256) {}

  /// Gives what callers read of where it stands.
  String state() {
    if (whole != null) {
      return "received";
    }
    return uploading ? "receiving" : "broken-off";
  }
}
