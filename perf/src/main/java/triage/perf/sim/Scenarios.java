package triage.perf.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import triage.admission.Criticality;
import triage.simulation.Arrival;
import triage.simulation.ModelServer;
import triage.simulation.SharingServer;
import triage.simulation.Simulation;
import triage.simulation.SlotServer;
import triage.simulation.Workload;
import triage.simulation.Workload.Draw;
import triage.simulation.Workload.Stream;

/// The scenarios of the scoreboard. Unless said otherwise: four classes with 10, 30, 40 and 20 % of
/// the traffic, eight tenants, lognormal service times with a coefficient of variation of 0.5, a
/// deadline of six service times and 50 ms, no retries.
final class Scenarios {
  private static final double VARIATION = 0.5;
  private static final double[] CLASS_SHARES = {0.1, 0.3, 0.4, 0.2};
  private static final int ARRIVALS_MAX = 200_000;
  private static final double SECOND = 1e9;

  private Scenarios() {}

  /// Gives the scenarios.
  ///
  /// @param quick a subset, and shorter
  static List<Scenario> all(boolean quick) {
    List<Scenario> all = new ArrayList<>();
    double[] services =
        quick ? new double[] {.002, .3, 30} : new double[] {.002, .05, .3, 1, 10, 30};
    int[] capacities = quick ? new int[] {1, 8, 100} : new int[] {1, 2, 8, 32, 100, 500};
    for (double service : services) {
      for (int capacity : capacities) {
        String cell = String.format("s=%.3fs C=%d 3x", service, capacity);
        double end = horizon(service, capacity, 3, Math.max(600, 10 / service));
        all.add(steady("S1", cell, service, capacity, 3, end / 3, end));
      }
    }
    all.add(ramp());
    for (double load : new double[] {.5, .9}) {
      for (int capacity : new int[] {1, 8, 100}) {
        String cell = String.format("s=0.050s C=%d %.1fx", capacity, load);
        double end = horizon(.05, capacity, load, 6_000);
        all.add(steady("S3", cell, .05, capacity, load, end / 3, end));
      }
    }
    all.add(capacityStep("S4", .05, 100, 25, 3));
    all.add(capacityStep("S4", .05, 32, 8, 3));
    all.add(capacityStep("S4", 1, 64, 16, 3));
    all.add(serviceStep("S5", .05, 32, 3));
    all.add(serviceStep("S5", .5, 8, 3));
    all.add(creep());
    all.add(longSteady(quick));
    for (int capacity : new int[] {1, 8, 100, 500}) {
      double start = Math.max(2, 10 * .3);
      all.add(
          steady(
              "S8",
              "s=0.300s C=" + capacity + " 10x cold",
              .3,
              capacity,
              10,
              start,
              start + horizon(.3, capacity, 10, 100)));
    }
    all.add(bimodal());
    all.add(heavyTail());
    all.add(mixShift());
    for (int capacity : new int[] {1, 2, 4}) {
      all.add(steady("S10", "s=30s C=" + capacity + " 1.5x", 30, capacity, 1.5, 300, 1_800));
    }
    all.add(idleThenBurst());
    all.add(sharing("S12", "processor sharing", load -> Math.min(1, load)));
    all.add(sharing("S12", "batching", load -> load / (0.5 + Math.max(load, 0.5))));
    all.add(sharing("S13", "thrash", load -> load <= 1 ? load : 1 / (1 + 0.5 * (load - 1))));
    all.add(foreign());
    for (int capacity : new int[] {8, 64}) {
      all.add(criticalPlus(capacity));
    }
    all.add(criticalAlone());
    all.add(elephant());
    all.add(mice());
    all.add(mixedDeadlines());
    all.add(steady("S25", "s=1.000s C=16 3x", 1, 16, 3, 60, 400));
    all.add(severalGateways());
    return all;
  }

  private static double horizon(double service, int capacity, double load, double services) {
    return Math.min(services * service, ARRIVALS_MAX / (load * capacity / service));
  }

  private static Draw work(double service) {
    return (chance, at) -> service * chance.lognormal(VARIATION);
  }

  private static Draw patience(double service) {
    return (chance, at) -> 6 * service + 0.05;
  }

  private static List<Stream> mixed(int tenants) {
    List<Stream> streams = new ArrayList<>();
    for (Criticality criticality : Criticality.values()) {
      for (int tenant = 0; tenant < tenants; tenant++) {
        streams.add(
            new Stream(
                "tenant-" + tenant, criticality, CLASS_SHARES[criticality.rank()] / tenants, 1));
      }
    }
    return streams;
  }

  private static Scenario steady(
      String name,
      String cell,
      double service,
      int capacity,
      double load,
      double from,
      double end) {
    double rate = load * capacity / service;
    return new Scenario(
        name,
        cell,
        service,
        capacity,
        new Workload(at -> rate, work(service), patience(service), mixed(8)),
        () -> still(new SlotServer(capacity), capacity / service),
        from,
        end,
        new double[0],
        1,
        1);
  }

  private static World still(ModelServer server, double perSecond) {
    return new World(List.of(server), List.of(), at -> perSecond);
  }

  private static Scenario ramp() {
    double rate = 32 / .05;
    DoubleUnaryOperator load =
        at -> at < 20 ? .2 : at < 40 ? .2 + (at - 20) / 20 * 9.8 : at < 60 ? 10 : .2;
    return new Scenario(
        "S2",
        "s=0.050s C=32 0.2x-10x-0.2x",
        .05,
        32,
        new Workload(at -> rate * load.applyAsDouble(at), work(.05), patience(.05), mixed(8)),
        () -> still(new SlotServer(32), rate),
        20,
        70,
        new double[0],
        1,
        1);
  }

  private static Scenario capacityStep(
      String name, double service, int capacity, int lower, double load) {
    double unit = Math.max(10, 40 * service);
    double rate = load * capacity / service;
    return new Scenario(
        name,
        String.format("s=%.3fs C=%d-%d-%d", service, capacity, lower, capacity),
        service,
        capacity,
        new Workload(at -> rate, work(service), patience(service), mixed(8)),
        () -> {
          SlotServer server = new SlotServer(capacity);
          return new World(
              List.of(server),
              List.of(
                  at(unit, now -> server.capacity(lower, now)),
                  at(2 * unit, now -> server.capacity(capacity, now))),
              at -> (at < unit || at >= 2 * unit ? capacity : lower) / service);
        },
        unit / 2,
        3 * unit,
        new double[] {unit, 2 * unit},
        1,
        1);
  }

  private static Scenario serviceStep(String name, double service, int capacity, double load) {
    double unit = Math.max(10, 40 * service * 4);
    double rate = load * capacity / service;
    DoubleUnaryOperator time = at -> at < unit || at >= 2 * unit ? service : 4 * service;
    return new Scenario(
        name,
        String.format("s=%.3fs x4 and back, C=%d", service, capacity),
        4 * service,
        capacity,
        new Workload(
            at -> rate,
            (chance, at) -> time.applyAsDouble(at) * chance.lognormal(VARIATION),
            (chance, at) -> 6 * 4 * service + .05,
            mixed(8)),
        () ->
            new World(
                List.of(new SlotServer(capacity)),
                List.of(),
                at -> capacity / time.applyAsDouble(at)),
        unit / 2,
        3 * unit,
        new double[] {unit, 2 * unit},
        1,
        1);
  }

  private static Scenario creep() {
    DoubleUnaryOperator time = at -> .1 * Math.pow(1.01, Math.min(at, 300));
    return new Scenario(
        "S6",
        "s=0.1s +1%/s, C=16 2x",
        .5,
        16,
        new Workload(
            at -> 2 * 16 / time.applyAsDouble(at),
            (chance, at) -> time.applyAsDouble(at) * chance.lognormal(VARIATION),
            (chance, at) -> 6 * time.applyAsDouble(at) + .05,
            mixed(8)),
        () -> new World(List.of(new SlotServer(16)), List.of(), at -> 16 / time.applyAsDouble(at)),
        10,
        300,
        new double[0],
        1,
        1);
  }

  private static Scenario longSteady(boolean quick) {
    double end = quick ? 300 : 1_000;
    return steady("S7", "s=0.050s C=3 3x long", .05, 3, 3, 60, end);
  }

  private static Scenario bimodal() {
    Draw work = (chance, at) -> chance.uniform() < .1 ? 2 : .05;
    return twoLengths("S9", "bimodal 50 ms/2 s, C=50", .245, work, at -> 50 / .245);
  }

  private static Scenario heavyTail() {
    Draw work = (chance, at) -> .2 * chance.lognormal(3);
    return twoLengths("S9", "lognormal cv 3, C=50", .2, work, at -> 50 / .2);
  }

  private static Scenario mixShift() {
    DoubleUnaryOperator longs = at -> at < 90 ? .1 : .4;
    Draw work = (chance, at) -> chance.uniform() < longs.applyAsDouble(at) ? 2 : .05;
    return twoLengths(
        "S9",
        "mix shift 10-40 % long, C=50",
        .245,
        work,
        at -> 50 / (.05 + 1.95 * longs.applyAsDouble(at)));
  }

  private static Scenario twoLengths(
      String name, String cell, double service, Draw work, World.Rate perSecond) {
    return new Scenario(
        name,
        cell,
        service,
        50,
        new Workload(at -> 3 * 50 / service, work, (chance, at) -> 8, mixed(8)),
        () -> new World(List.of(new SlotServer(50)), List.of(), perSecond),
        60,
        180,
        new double[0],
        1,
        1);
  }

  private static Scenario idleThenBurst() {
    double rate = 16 / .05;
    return new Scenario(
        "S11",
        "s=0.050s C=16 idle 10 min, 20x for 2 s",
        .05,
        16,
        new Workload(
            at -> at < 30 ? 2 * rate : at < 630 ? 2 : at < 632 ? 20 * rate : 0,
            work(.05),
            patience(.05),
            mixed(8)),
        () -> still(new SlotServer(16), rate),
        630,
        633,
        new double[0],
        1,
        1);
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
    return new Scenario(
        name,
        cell + " s=0.2s C=32 3x",
        .2,
        capacity,
        new Workload(at -> 3 * perSecond, work(.2), patience(.2), mixed(8)),
        () -> still(new SharingServer(capacity, speed), perSecond),
        60,
        180,
        new double[0],
        1,
        1);
  }

  private static Scenario foreign() {
    List<Stream> streams = new ArrayList<>(mixed(4));
    List<Stream> all = new ArrayList<>();
    double own = 3 / 3.5;
    streams.forEach(stream ->
        all.add(new Stream(stream.tenant(), stream.criticality(), stream.share() * own, 1)));
    all.add(new Stream(Arrival.FOREIGN, Criticality.CRITICAL, 1 - own, 1));
    double rate = 32 / .1;
    return new Scenario(
        "S15",
        "s=0.1s C=32, foreign 50 %",
        .1,
        32,
        new Workload(at -> 3.5 * rate, work(.1), patience(.1), all),
        () -> still(new SlotServer(32), rate),
        30,
        120,
        new double[0],
        1,
        .5);
  }

  private static Scenario criticalPlus(int capacity) {
    double rate = capacity / .1;
    List<Stream> streams =
        List.of(
            new Stream("safety", Criticality.CRITICAL_PLUS, .05, 1),
            new Stream("screen", Criticality.CRITICAL, .25, 1),
            new Stream("sync", Criticality.SHEDDABLE_PLUS, .3, 1),
            new Stream("batch", Criticality.SHEDDABLE, .4, 1));
    double end = horizon(.1, capacity, 10, 2_000);
    return new Scenario(
        "S16",
        "s=0.1s C=" + capacity + " 10x, CRITICAL_PLUS 0.5x",
        .1,
        capacity,
        new Workload(at -> 10 * rate, work(.1), patience(.1), streams),
        () -> still(new SlotServer(capacity), rate),
        end / 4,
        end,
        new double[0],
        1,
        1);
  }

  private static Scenario criticalAlone() {
    double rate = 16 / .1;
    List<Stream> streams = new ArrayList<>();
    for (int tenant = 0; tenant < 16; tenant++) {
      streams.add(new Stream("tenant-" + tenant, Criticality.CRITICAL, 1 / 16.0, 1));
    }
    return new Scenario(
        "S17",
        "s=0.1s C=16 2x, CRITICAL alone",
        .1,
        16,
        new Workload(at -> 2 * rate, work(.1), patience(.1), streams),
        () -> still(new SlotServer(16), rate),
        30,
        120,
        new double[0],
        1,
        1);
  }

  private static Scenario elephant() {
    double rate = 16 / .1;
    List<Stream> streams = new ArrayList<>();
    streams.add(new Stream("elephant", Criticality.CRITICAL, 20 / 27.0, 1));
    for (int tenant = 0; tenant < 7; tenant++) {
      streams.add(new Stream("victim-" + tenant, Criticality.CRITICAL, 1 / 27.0, 1));
    }
    return new Scenario(
        "S18",
        "s=0.1s C=16, one tenant at 20x its share",
        .1,
        16,
        new Workload(at -> 27 / 8.0 * rate, work(.1), patience(.1), streams),
        () -> still(new SlotServer(16), rate),
        30,
        120,
        new double[0],
        1,
        1);
  }

  private static Scenario mice() {
    double rate = 64 / .1;
    List<Stream> streams = new ArrayList<>();
    for (int tenant = 0; tenant < 995; tenant++) {
      streams.add(
          new Stream(
              "mouse-" + tenant, Criticality.CRITICAL, .5 / 995, tenant % 2 == 0 ? .5 : 1.5));
    }
    for (int tenant = 0; tenant < 5; tenant++) {
      streams.add(new Stream("elephant-" + tenant, Criticality.CRITICAL, .1, 1));
    }
    return new Scenario(
        "S19",
        "s=0.1s C=64, 995 mice and 5 elephants, 3x",
        .1,
        64,
        new Workload(at -> 3 * rate, work(.1), patience(.1), streams),
        () -> still(new SlotServer(64), rate),
        20,
        100,
        new double[0],
        1,
        1);
  }

  private static Scenario mixedDeadlines() {
    double rate = 16 / .1;
    return new Scenario(
        "S22",
        "s=0.1s C=16 3x, deadlines 0.5-10 service times",
        .1,
        16,
        new Workload(
            at -> 3 * rate, work(.1), (chance, at) -> .1 * (.5 + 9.5 * chance.uniform()), mixed(8)),
        () -> still(new SlotServer(16), rate),
        30,
        120,
        new double[0],
        1,
        1);
  }

  private static Scenario severalGateways() {
    double rate = 64 / .1;
    return new Scenario(
        "S27",
        "s=0.1s C=64 3x, four gateways",
        .1,
        64,
        new Workload(at -> 3 * rate, work(.1), patience(.1), mixed(8)),
        () -> still(new SlotServer(64), rate),
        30,
        100,
        new double[0],
        4,
        1);
  }

  private static Simulation.Change at(double seconds, java.util.function.LongConsumer change) {
    long nanos = (long) (seconds * SECOND);
    return new Simulation.Change(nanos, () -> change.accept(nanos));
  }
}
