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
  ///
  /// @param job its id
  /// @param retryAfterSeconds when it is likely to be done
  record Accepted(UUID job, long retryAfterSeconds) {}

  /// Accepts an inference as a job, and gives what its caller learns once it is committed.
  ///
  /// @throws RefusedException if it cannot be taken, with what to do
  Accepted accept(Inference inference) throws RefusedException;
}
