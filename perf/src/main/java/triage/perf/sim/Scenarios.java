package triage.perf.sim;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The scenarios of the scoreboard.
final class Scenarios {
  private static final int ARRIVALS_MAX = 200_000;

  private Scenarios() {}

  /// Gives the scenarios.
  ///
  /// @param quick a subset, and shorter
  /// @param traces the folder of the recorded traces
  static List<Scenario> all(boolean quick, Path traces) {
    List<Scenario> all = new ArrayList<>();
    all.addAll(SteadyLoad.all(quick));
    all.addAll(ChangingWorlds.all());
    all.addAll(UnevenWork.all());
    all.addAll(ManyCallers.all());
    all.addAll(Faults.all());
    all.addAll(Replays.all(traces));
    return all;
  }

  /// Gives the length of a run that is some service times long, or shorter where that would be too
  /// many arrivals.
  static double horizon(double service, int capacity, double load, double services) {
    return Math.min(services * service, ARRIVALS_MAX / (load * capacity / service));
  }
}
