package triage.analysis;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import triage.gateway.ModelCall;

/// What a model's answer makes of a job.
///
/// **Threads**: no state.
final class Endings {
  /// The reason of a job whose content the model refused.
  static final String BACKEND_REFUSED = "backend-refused";

  /// What a backend says when it is itself at fault, or what stands before it: it asks for another
  /// token, serves another path, or was too slow to read. The same content may pass the next time.
  private static final Set<Integer> FAULTS = Set.of(401, 403, 404, 405, 407, 408, 425);

  private Endings() {}

  /// Tells whether an answer of this status says nothing about the content that was asked about: a
  /// job is then tried again. A redirect is one: nobody follows it.
  static boolean isFault(int status) {
    return (status >= 300 && status < 400) || FAULTS.contains(status);
  }

  /// Gives the ending that an answer is, or `null` if it is none: a redirect, or a
  /// success that is not JSON.
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
    if (given.status() >= 300 || !JobJson.isJson(given.body())) {
      return null;
    }
    return new Ending(JobState.DONE, given.status(), null, null, given.backend(), given.body());
  }
}
