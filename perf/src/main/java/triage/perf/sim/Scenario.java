package triage.perf.sim;

import java.util.function.Supplier;
import triage.admission.ReservedShares;
import triage.simulation.Workload;

/// One cell of the scoreboard: a world and what arrives in it.
///
/// @param name of the scenario, such as `S1`
/// @param cell which variant of it
/// @param service the mean service time, in seconds
/// @param capacity how many requests the backends work on at once, at the start
/// @param workload what arrives
/// @param world makes the backends of a run anew
/// @param from when the measured part begins, in seconds
/// @param end when the run ends, in seconds
/// @param gateways how many gateways share the backends
/// @param share of the capacity that is there for the gateways; 1 without foreign traffic
/// @param reserved what share of the dispatches each class is sure of
/// @param watch what is looked at beyond goodput
record Scenario(
    String name,
    String cell,
    double service,
    int capacity,
    Workload workload,
    Supplier<World> world,
    double from,
    double end,
    int gateways,
    double share,
    ReservedShares reserved,
    Watch watch) {
  /// What is looked at in a run beyond goodput; not a number, or empty, where it does not apply.
  ///
  /// @param steps moments of a change after which the time to recover is taken, in seconds
  /// @param peakFrom when the highest load begins
  /// @param peakTo when it ends
  /// @param calmFrom from when on nobody need be shed
  /// @param shortSeconds work below this is short
  /// @param streamsFrom the first stream of those that are looked at together
  /// @param streamsTo the stream after the last of them
  /// @param neededFrom when the owner of a reserved share, `SHEDDABLE`, needs it
  /// @param windowSeconds the length of a window, where it is not the usual one
  /// @param overloadFrom when the overload begins
  /// @param bestFixed whether the best fixed limit is looked for
  record Watch(
      double[] steps,
      double peakFrom,
      double peakTo,
      double calmFrom,
      double shortSeconds,
      int streamsFrom,
      int streamsTo,
      double neededFrom,
      double windowSeconds,
      double overloadFrom,
      boolean bestFixed) {}

  /// Gives the length of a window in which goodput is looked at: a second, or three service times;
  /// less where the run is short.
  double window() {
    return Double.isNaN(watch.windowSeconds())
        ? Math.max(Math.min(1, end / 20), 3 * service)
        : watch.windowSeconds();
  }
}
