package triage.perf.sim;

import java.util.List;
import java.util.function.LongConsumer;
import triage.simulation.Arrivals.Rate;
import triage.simulation.ModelServer;
import triage.simulation.Simulation;

/// The backends of one run, what happens to them, and what an ideal gate would get out of them.
///
/// @param servers the backends
/// @param slots how many requests each works on at once; empty where there is one backend, which
///     has the scenario's capacity
/// @param changes what happens to them, in order
/// @param perSecond what they can complete in a second, by the time in seconds
record World(
    List<ModelServer> servers,
    List<Integer> slots,
    List<Simulation.Change> changes,
    Rate perSecond) {
  private static final double SECOND = 1e9;

  /// Gives a world with one backend to which nothing happens.
  static World of(double perSecond, ModelServer server) {
    return of(at -> perSecond, server);
  }

  /// Gives a world with one backend.
  static World of(Rate perSecond, ModelServer server, Simulation.Change... changes) {
    return new World(List.of(server), List.of(), List.of(changes), perSecond);
  }

  /// Gives a change at a moment in seconds.
  static Simulation.Change at(double seconds, LongConsumer change) {
    long nanos = (long) (seconds * SECOND);
    return new Simulation.Change(nanos, () -> change.accept(nanos));
  }
}
