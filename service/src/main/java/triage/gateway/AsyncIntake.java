package triage.gateway;

import java.util.UUID;
import org.jspecify.annotations.Nullable;
import triage.admission.Criticality;
import triage.identity.Caller;

/// Who takes inferences that are to be answered later.
///
/// **Threads**: safe for use by several threads, which it blocks until the job is committed.
public interface AsyncIntake {

  /// An inference to be kept.
  ///
  /// @param body the inference request
  /// @param traceparent the caller's trace context, or `null`
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Inference(
      Caller caller,
      Target target,
      Criticality criticality,
      byte[] body,
      @Nullable String traceparent) {}

  /// Gives the largest body that is taken, in bytes.
  long bodyBytesMax();

  /// What the caller of an inference that was accepted learns.
  sealed interface Outcome {
    /// Gives the id of the job.
    UUID job();

    /// Gives the preferences that were followed.
    String applied();
  }

  /// It is kept, and will be answered later.
  ///
  /// @param retryAfterSeconds when it is likely to be done
  record Accepted(UUID job, String applied, long retryAfterSeconds) implements Outcome {}

  /// The model's answer came while the caller waited.
  ///
  /// @param backend who gave it, if that is known
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Answered(UUID job, String applied, @Nullable String backend, byte[] answer)
      implements Outcome {}

  /// The model refused it while the caller waited.
  record Refused(UUID job, String applied, Refusal refusal) implements Outcome {}

  /// Accepts an inference as a job, and gives what its caller learns once it is committed, or once
  /// it has ended, where the caller would rather wait a little for that.
  ///
  /// @param call the request, whose body has been read to its end
  /// @throws RefusedException if it cannot be taken, with what to do
  Outcome accept(Inference inference, NativeCall call) throws RefusedException;
}
