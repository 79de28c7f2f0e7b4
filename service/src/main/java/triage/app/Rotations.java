package triage.app;

import java.util.LinkedHashMap;
import java.util.Map;
import triage.admission.Absence;
import triage.backend.ModelVersion;
import triage.backend.Models;
import triage.backend.Turnstile;

/// Which backends operators let take requests: `in` rotation, or `drained` of them.
///
/// **Threads**: no state.
final class Rotations {
  private static final String IN = "in";
  private static final String DRAINED = "drained";

  private Rotations() {}

  /// Gives a switch for each backend, by its name.
  static Map<String, Switch> of(Models models) {
    Map<String, Switch> switches = new LinkedHashMap<>();
    for (ModelVersion model : models.all()) {
      for (int lane = 0; lane < model.backends().size(); lane++) {
        switches.put(model.backends().get(lane).name(), one(model.turnstile(), lane));
      }
    }
    return switches;
  }

  private static Switch one(Turnstile gate, int lane) {
    return new Switch(() -> now(gate, lane), Rotations::checked, wanted -> set(gate, lane, wanted));
  }

  private static String now(Turnstile gate, int lane) {
    return gate.snapshot().lanes().get(lane).absences().contains(Absence.DRAINED) ? DRAINED : IN;
  }

  private static String checked(String wanted) {
    if (!wanted.equals(IN) && !wanted.equals(DRAINED)) {
      throw new IllegalArgumentException("rotation: unknown (expected: in, drained)");
    }
    return wanted;
  }

  private static void set(Turnstile gate, int lane, String wanted) {
    if (wanted.equals(DRAINED)) {
      gate.drain(lane);
    } else {
      gate.undrain(lane);
    }
  }
}
