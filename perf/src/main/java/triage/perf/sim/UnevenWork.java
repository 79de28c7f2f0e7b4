package triage.perf.sim;

import java.util.List;
import java.util.function.DoubleUnaryOperator;
import triage.simulation.Arrivals.Rate;
import triage.simulation.BoundedServer;
import triage.simulation.RateLimitedServer;
import triage.simulation.SharingServer;
import triage.simulation.SlotServer;
import triage.simulation.Workload.Draw;

/// Work of very different lengths (S9), and servers that are not slots: one that shares its speed
/// (S12), one that thrashes (S13), one that counts requests (429).
final class UnevenWork {
  private static final double SHORT = .05;
  private static final double LONG = 2;

  private UnevenWork() {}

  static List<Scenario> all() {
    DoubleUnaryOperator longs = at -> at < 90 ? .1 : .4;
    return List.of(
        twoLengths("bimodal 50 ms/2 s, C=50", .245, mix(at -> .1), at -> 50 / .245),
        twoLengths(
            "lognormal cv 3, C=50", .2, (chance, at) -> .2 * chance.lognormal(3), at -> 50 / .2),
        twoLengths(
            "mix shift 10-40 % long, C=50",
            .245, mix(longs), at -> 50 / (.05 + 1.95 * longs.applyAsDouble(at))),
        sharing("S12", "processor sharing", load -> Math.min(1, load)),
        sharing("S12", "batching", load -> load / (0.5 + Math.max(load, 0.5))),
        sharing("S13", "thrash", load -> load <= 1 ? load : 1 / (1 + 0.5 * (load - 1))),
        rateLimited(),
        bounded(16, 0),
        bounded(16, 16),
        bounded(100, 0),
        boundedStep());
  }

  private static Draw mix(DoubleUnaryOperator longs) {
    return (chance, at) -> chance.uniform() < longs.applyAsDouble(at) ? LONG : SHORT;
  }

  private static Scenario twoLengths(String cell, double service, Draw work, Rate perSecond) {
    Draft draft =
        new Draft("S9", cell, service, 50)
            .load(3)
            .work(work)
            .patience((chance, at) -> 8)
            .world(() -> World.of(perSecond, new SlotServer(50)))
            .measured(60, 180);
    return (cell.startsWith("lognormal") ? draft : draft.shortBelow(2 * SHORT)).done();
  }

  private static Scenario sharing(String name, String cell, DoubleUnaryOperator speed) {
    int capacity = 32;
    double best = 0;
    for (double load = .05; load < 8; load += .05) {
      // Beyond six service times nobody waits for the answer.
      if (load / speed.applyAsDouble(load) < 4) {
        best = Math.max(best, speed.applyAsDouble(load));
      }
    }
    double perSecond = best * capacity / .2;
    return new Draft(name, cell + " s=0.2s C=32 3x", .2, capacity)
        .rate(at -> 3 * perSecond)
        .world(() -> World.of(perSecond, new SharingServer(capacity, speed)))
        .measured(60, 180)
        .bestFixed()
        .done();
  }

  /// A server that refuses what it has no place for.
  private static Scenario bounded(int slots, int queue) {
    String cell = String.format("s=0.1s C=%d, queue of %d and a 429, 3x", slots, queue);
    return new Draft("429", cell, .1, slots)
        .load(3)
        .server(() -> new BoundedServer(slots, queue))
        .measured(20, 120)
        .done();
  }

  /// A server that refuses all for a while, and then takes four times as much as before.
  private static Scenario boundedStep() {
    int more = 64;
    double step = 40;
    return new Draft("429", "s=0.1s C=16-0-64, no queue and a 429, 3x", .1, more)
        .load(3)
        .world(() -> {
          BoundedServer server = new BoundedServer(16, 0);
          return World.of(
              at -> (at < step ? 16 : at < step + 10 ? 0 : more) / .1,
              server,
              World.at(step, now -> server.capacity(0, now)),
              World.at(step + 10, now -> server.capacity(more, now)));
        })
        .measured(20, 90)
        .steps(step + 10)
        .done();
  }

  /// A provider that allows half of what its servers could do.
  private static Scenario rateLimited() {
    double perSecond = 16 / .1;
    return new Draft("429", "s=0.1s C=16, 32 slots and a 429, 3x", .1, 16)
        .load(3)
        .server(() -> new RateLimitedServer(new SlotServer(32), perSecond, 16))
        .measured(20, 120)
        .done();
  }
}
