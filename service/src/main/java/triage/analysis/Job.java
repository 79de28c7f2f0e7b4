package triage.analysis;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import triage.admission.Criticality;

/// A job as the store has it, without its input.
///
/// @param caller whose it is
/// @param submission what was asked, with the pinned version; the input is empty
/// @param createdAt when it was accepted, by the store's clock
/// @param attempts how often it was claimed and not put back
/// @param revision grows with every change that callers can see
/// @param endedAt when it ended, by the store's clock, or `null`
/// @param ending how it ended, or `null`
/// @param answer what is known of its first answer
record Job(
    UUID id,
    String caller,
    Submission submission,
    Criticality criticality,
    Instant createdAt,
    JobState state,
    int attempts,
    long revision,
    @Nullable Instant endedAt,
    @Nullable Ending ending,
    FirstAnswer answer) {

  /// Gives the same job without what it says of a site and a subject.
  Job withoutSubject() {
    Submission bare =
        new Submission(
            submission.model(),
            submission.version(),
            submission.study(),
            null,
            null,
            submission.input());
    return new Job(
        id,
        caller,
        bare,
        criticality,
        createdAt,
        state,
        attempts,
        revision,
        endedAt,
        ending,
        answer);
  }

  /// What is known of the answer to the request that brought a job with an idempotency key.
  ///
  /// @param bodySha256 digest of that request's body, in hex
  /// @param status its status; 0 until it is settled
  /// @param pending whether the request may still be there to give it
  record FirstAnswer(String bodySha256, int status, boolean pending) {}
}
