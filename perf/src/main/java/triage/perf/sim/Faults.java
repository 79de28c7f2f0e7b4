package triage.perf.sim;

import java.util.ArrayList;
import java.util.List;
import triage.admission.Criticality;
import triage.simulation.Chance;
import triage.simulation.FailingServer;
import triage.simulation.ModelServer;
import triage.simulation.Retries;
import triage.simulation.SlotServer;

/// Backends that fail (S14), callers that try again (S21, RETRY), replicas that differ (S23), as
/// far as the gate alone has to do with them: there is no breaker and no retry of the gateway's
/// own here.
final class Faults {
  private static final double SERVICE = .1;

  /// From the end of one try to the arrival of the next without any pause of the caller's.
  private static final double ROUND_TRIP = .005;

  private Faults() {}

  static List<Scenario> all() {
    List<Scenario> all = new ArrayList<>();
    all.add(errors("no errors", 0));
    all.add(errors("30 % fast errors", .3));
    all.add(hang());
    all.add(storm());
    all.add(retrying("2 tries, budget 10 %", new Retries(2, ROUND_TRIP, .1)));
    all.add(retrying("3 tries, no pause", Retries.unlimited(3, ROUND_TRIP)));
    all.add(replicas());
    return all;
  }

  /// What fails is over at once and needs no slot, so that it is no part of what could be served.
  private static Scenario errors(String cell, double share) {
    double rate = 32 / SERVICE;
    return new Draft("S14", "s=0.1s C=32 3x, " + cell, SERVICE, 32)
        .rate(at -> 3 * rate / (1 - share))
        .server(() -> new FailingServer(new SlotServer(32), share, 2_000_000, new Chance(14)))
        .measured(30, 120)
        .done();
  }

  private static Scenario hang() {
    double from = 30;
    double to = 40;
    return new Draft("S14", "s=0.1s C=32 1.5x, hangs for 10 s", SERVICE, 32)
        .load(1.5)
        .world(() -> {
          SlotServer server = new SlotServer(32);
          return World.of(
              at -> at >= from && at < to ? 0 : 32 / SERVICE,
              server,
              World.at(from, now -> server.capacity(0, now)),
              World.at(to, now -> server.capacity(32, now)));
        })
        .measured(20, 70)
        .steps(to)
        .done();
  }

  /// A load that is borne, until a tenth of the slots is left for ten seconds.
  private static Scenario storm() {
    double from = 20;
    double to = 30;
    return new Draft("S21", "s=0.1s C=32 0.8x, 3.2 for 10 s, 3 tries", SERVICE, 32)
        .load(.8)
        .retries(Retries.unlimited(3, ROUND_TRIP))
        .world(() -> {
          SlotServer server = new SlotServer(32);
          return World.of(
              at -> (at >= from && at < to ? 3 : 32) / SERVICE,
              server,
              World.at(from, now -> server.capacity(3, now)),
              World.at(to, now -> server.capacity(32, now)));
        })
        .measured(15, 60)
        .steps(to)
        .done();
  }

  private static Scenario retrying(String cell, Retries retries) {
    return new Draft("RETRY", "s=0.1s C=32 3x, " + cell, SERVICE, 32)
        .load(3)
        .retries(retries)
        .measured(30, 120)
        .done();
  }

  /// Three replicas, one of which takes five times as long.
  private static Scenario replicas() {
    int slots = 16;
    double perSecond = 2.2 * slots / SERVICE;
    return new Draft("S23", "3 replicas, s=0.1s C=16, one 5x slower, 2x", SERVICE, 3 * slots)
        .rate(at -> 2 * perSecond)
        .streams(Callers.equal("tenant", 8, Criticality.CRITICAL, 1 / 8.0))
        .world(() -> {
          List<ModelServer> servers =
              List.of(new SlotServer(slots), new SlotServer(slots), new SlotServer(slots, 5));
          return new World(servers, List.of(slots, slots, slots), List.of(), at -> perSecond);
        })
        .patience((chance, at) -> 6 * 5 * SERVICE)
        .measured(5, 60)
        .done();
  }
}
