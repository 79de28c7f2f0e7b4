package triage.analysis;

import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// What the holder of a claim writes when it lets go.
sealed interface Settlement {
  /// Gives the job.
  UUID id();

  /// Gives the number of the claim.
  long fence();

  /// The job has ended.
  ///
  /// @param answered the status of the first answer where the holder gives it, or 0
  record Ended(UUID id, long fence, Ending ending, int answered) implements Settlement {}

  /// The job goes back to wait.
  ///
  /// @param delayMillis how long it is not claimed again
  /// @param untried whether this attempt does not count
  /// @param detail why, or `null`
  record PutBack(UUID id, long fence, long delayMillis, boolean untried, @Nullable String detail)
      implements Settlement {}

  /// The job is forgotten, and its idempotency key with it, unless its end came to the store first.
  ///
  /// @param gone set before the commit: whether this is what deletes it
  record Released(UUID id, long fence, AtomicBoolean gone) implements Settlement {}
}
