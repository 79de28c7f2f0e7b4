package triage.perf.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import triage.simulation.Simulation;
import triage.simulation.SlotServer;

/// Worlds that change while they are looked at: a ramp of the load (S2), replicas lost (S4), work
/// that takes longer at a stroke (S5) or little by little (S6), a burst after ten quiet minutes
/// (S11), a restart in the middle of an overload (S8).
final class ChangingWorlds {
  private ChangingWorlds() {}

  static List<Scenario> all() {
    List<Scenario> all = new ArrayList<>();
    all.add(ramp());
    all.add(capacityStep(.05, 100, 25, 3));
    all.add(capacityStep(.05, 32, 8, 3));
    all.add(capacityStep(1, 64, 16, 3));
    all.add(capacityStep(.3, 4, 1, 3, Draft.EVEN));
    all.add(capacityStep(.3, 16, 4, 3, Draft.EVEN));
    all.add(serviceStep(.05, 32, 3));
    all.add(serviceStep(.5, 8, 3));
    all.add(creep());
    all.add(restart());
    all.add(idleThenBurst());
    return all;
  }

  private static Scenario ramp() {
    double rate = 32 / .05;
    DoubleUnaryOperator load =
        at -> at < 20 ? .2 : at < 40 ? .2 + (at - 20) / 20 * 9.8 : at < 60 ? 10 : .2;
    return new Draft("S2", "s=0.050s C=32 0.2x-10x-0.2x", .05, 32)
        .rate(at -> rate * load.applyAsDouble(at))
        .measured(20, 70)
        .peak(40, 60)
        .calmFrom(60)
        .done();
  }

  private static Scenario capacityStep(double service, int capacity, int lower, double load) {
    return capacityStep(service, capacity, lower, load, Draft.VARIATION);
  }

  private static Scenario capacityStep(
      double service, int capacity, int lower, double load, double variation) {
    double unit = Math.max(10, 40 * service);
    String kind = variation == Draft.EVEN ? ", even work" : "";
    String cell = String.format("s=%.3fs C=%d-%d-%d%s", service, capacity, lower, capacity, kind);
    return new Draft("S4", cell, service, capacity)
        .load(load)
        .variation(variation)
        .world(() -> {
          SlotServer server = new SlotServer(capacity);
          return World.of(
              at -> (at < unit || at >= 2 * unit ? capacity : lower) / service,
              server,
              World.at(unit, now -> server.capacity(lower, now)),
              World.at(2 * unit, now -> server.capacity(capacity, now)));
        })
        .measured(unit / 2, 3 * unit)
        .steps(unit, 2 * unit)
        .done();
  }

  private static Scenario serviceStep(double service, int capacity, double load) {
    double unit = Math.max(10, 40 * service * 4);
    double rate = load * capacity / service;
    DoubleUnaryOperator time = at -> at < unit || at >= 2 * unit ? service : 4 * service;
    String cell = String.format("s=%.3fs x4 and back, C=%d", service, capacity);
    return new Draft("S5", cell, 4 * service, capacity)
        .rate(at -> rate)
        .work((chance, at) -> time.applyAsDouble(at) * chance.lognormal(Draft.VARIATION))
        .world(() -> World.of(at -> capacity / time.applyAsDouble(at), new SlotServer(capacity)))
        .measured(unit / 2, 3 * unit)
        .steps(unit, 2 * unit)
        .done();
  }

  private static Scenario creep() {
    DoubleUnaryOperator time = at -> .1 * Math.pow(1.01, Math.min(at, 300));
    return new Draft("S6", "s=0.1s +1%/s, C=16 2x", .5, 16)
        .rate(at -> 2 * 16 / time.applyAsDouble(at))
        .work((chance, at) -> time.applyAsDouble(at) * chance.lognormal(Draft.VARIATION))
        .patience((chance, at) -> 6 * time.applyAsDouble(at) + .05)
        .world(() -> World.of(at -> 16 / time.applyAsDouble(at), new SlotServer(16)))
        .measured(10, 300)
        .done();
  }

  /// The gateway is new, the backend full of what its predecessor had sent.
  private static Scenario restart() {
    int capacity = 32;
    double service = .1;
    return new Draft("S8", "s=0.1s C=32 3x, restart", service, capacity)
        .load(3)
        .world(() -> {
          SlotServer server = new SlotServer(capacity);
          Simulation.Change full =
              World.at(0, now -> server.occupy(2 * capacity, (long) (service * 1e9), now));
          return World.of(at -> capacity / service, server, full);
        })
        .measured(2, 60)
        .done();
  }

  private static Scenario idleThenBurst() {
    double rate = 16 / .05;
    return new Draft("S11", "s=0.050s C=16 idle 10 min, 20x for 2 s", .05, 16)
        .rate(at -> at < 30 ? 2 * rate : at < 630 ? 2 : at < 632 ? 20 * rate : 0)
        .measured(630, 633)
        .done();
  }
}
