package triage.analysis;

import org.jspecify.annotations.Nullable;
import triage.gateway.ModelCall;

/// What a model's answer makes of a job.
///
/// **Threads**: no state.
final class Endings {
  /// The reason of a job whose content the model refused.
  static final String BACKEND_REFUSED = "backend-refused";

  private Endings() {}

  /// Gives the ending that an answer is, or `null` if it is none: a success that is not JSON in
  /// UTF-8.
  static @Nullable Ending of(ModelCall.Given given) {
    if (given.status() >= 400) {
      return new Ending(
          JobState.FAILED,
          given.status(),
          BACKEND_REFUSED,
          JobJson.told(given.body()),
          given.backend(),
          null);
    }
    if (!JobJson.isJson(given.body())) {
      return null;
    }
    return new Ending(JobState.DONE, given.status(), null, null, given.backend(), given.body());
  }
}
