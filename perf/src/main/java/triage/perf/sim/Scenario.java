package triage.perf.sim;

import java.util.function.Supplier;
import triage.simulation.Workload;

/// One cell of the scoreboard: a world and what arrives in it.
///
/// @param name of the scenario, such as `S1`
/// @param cell which variant of it
/// @param service the mean service time, in seconds
/// @param capacity how many requests the backend works on at once, at the start
/// @param workload what arrives
/// @param world makes the backends of a run anew
/// @param from when the measured part begins, in seconds
/// @param end when the run ends, in seconds
/// @param steps moments of a change after which the time to recover is taken, in seconds
/// @param gateways how many gateways share the backend
/// @param share of the backend's capacity that is there for the gateways; 1 without foreign traffic
record Scenario(
    String name,
    String cell,
    double service,
    int capacity,
    Workload workload,
    Supplier<World> world,
    double from,
    double end,
    double[] steps,
    int gateways,
    double share) {
  /// Gives the length of a window in which goodput is looked at: a second, or three service times;
  /// less where the run is short.
  double window() {
    return Math.max(Math.min(1, end / 20), 3 * service);
  }
}
