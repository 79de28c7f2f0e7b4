package triage.analysis;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import triage.gateway.ModelCall;
import triage.gateway.Refusal;
import triage.gateway.RefusedException;
import triage.gateway.Target;
import triage.identity.Caller;

/// What is asked of every submission, alone or in a batch, before anything is made of it.
///
/// **Threads**: safe for use by several threads.
final class Submissions {
  private static final int TRACEPARENT_MAX = 256;

  private final ModelCall models;

  Submissions(ModelCall models) {
    this.models = models;
  }

  /// Reads a submission of a caller.
  ///
  /// @param what it stands in, for what the caller is told
  /// @throws RefusedException 400 naming the fault and where it is, 403 for a study that the token
  ///     does not cover
  Submission read(Caller caller, byte[] text, String what) throws RefusedException {
    Submission asked = SubmissionReader.read(text, what);
    if (!caller.maySee(String.valueOf(asked.study()))) {
      throw refused(
          403,
          "your token does not cover the study in `/study`; ask the operator for one that does",
          "/study");
    }
    return asked;
  }

  /// Gives the model version that a submission is for, once its input has been checked as far as
  /// Triage knows what that takes.
  ///
  /// @throws RefusedException 404 for a model that is not served, 400 naming what is wrong with
  ///     the input
  Target target(Submission asked) throws RefusedException {
    Optional<Target> found = models.find(asked.model(), asked.version());
    if (found.isEmpty()) {
      throw models.find(asked.model(), null).isPresent()
          ? refused(
              404, "the model is not served in the version of `/version`; leave it out", "/version")
          : refused(
              404,
              "no model of the name in `/model` is served here; GET /v2/models/{model} tells",
              "/model");
    }
    found.get().check(asked.input());
    return found.get();
  }

  /// Gives a trace context that is fit to be kept, or `null`.
  static @Nullable String traceparent(@Nullable String header) {
    return header == null || header.length() > TRACEPARENT_MAX ? null : header;
  }

  private static RefusedException refused(int status, String message, String pointer) {
    return new RefusedException(new Refusal(status, null, 0, message, pointer));
  }
}
