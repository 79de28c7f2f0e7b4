package triage.analysis;

import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import triage.admission.Criticality;

/// A job to be inserted.
///
/// @param submission with the version that is pinned
/// @param key the caller's idempotency key, or `null`
/// @param bodySha256 digest of the request's body
/// @param owner the instance, where the request itself works on it
/// @param answered the status of the first answer, or 0 where that is not settled yet
/// @param answerWithin how long the first request may take to give it
/// @param lease how long `owner` holds it
/// @param ending where it has ended already
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record NewJob(
    UUID id,
    String caller,
    Submission submission,
    Criticality criticality,
    JobState state,
    @Nullable String key,
    byte[] bodySha256,
    @Nullable String traceparent,
    @Nullable UUID owner,
    int answered,
    Duration answerWithin,
    Duration lease,
    @Nullable Ending ending,
    @Nullable UUID batch,
    long batchLine) {

  /// Gives how much of the heap it takes until it is committed, and what the store keeps beside the
  /// rest of its row.
  int bytes() {
    byte[] result = ending == null ? null : ending.result();
    return submission.input().length + (result == null ? 0 : result.length);
  }
}
