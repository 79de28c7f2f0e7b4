package triage.perf.sim;

import java.util.List;
import triage.simulation.ModelServer;
import triage.simulation.Simulation;

/// The backends of one run, what happens to them, and what an ideal gate would get out of them.
///
/// @param servers the backends
/// @param changes what happens to them, in order
/// @param perSecond what they can complete in a second, by the time in seconds
record World(List<ModelServer> servers, List<Simulation.Change> changes, Rate perSecond) {
  /// A rate over time.
  @FunctionalInterface
  interface Rate {
    /// Gives a number per second.
    double at(double seconds);
  }
}
