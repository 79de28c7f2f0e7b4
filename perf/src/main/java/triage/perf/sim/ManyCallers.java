package triage.perf.sim;

import java.util.ArrayList;
import java.util.List;
import triage.admission.Criticality;
import triage.admission.ReservedShares;
import triage.simulation.Arrival;
import triage.simulation.Workload.Stream;

/// Who gets what there is: beside foreign traffic (S15), by class (S16, S17, S20), by tenant (S18,
/// S19), by deadline (S22), and between gateways (S27).
final class ManyCallers {
  private static final double SERVICE = .1;

  private ManyCallers() {}

  static List<Scenario> all() {
    List<Scenario> all = new ArrayList<>();
    all.add(foreign());
    for (int capacity : new int[] {8, 64}) {
      all.add(criticalPlus("", capacity, Draft.VARIATION));
    }
    all.add(suddenOverload(8));
    all.add(suddenOverload(64));
    all.add(criticalPlus("", 2, Draft.VARIATION));
    all.add(criticalPlus(" cv 1.5", 8, 1.5));
    all.add(criticalAlone());
    all.add(elephant());
    all.add(victimsAlone());
    all.add(mice());
    all.add(reserved("a reserved share, needed from 30 s on", new ReservedShares(.05, .01, .3)));
    all.add(reserved("the same, nothing reserved", ReservedShares.NONE));
    all.add(mixedDeadlines());
    all.add(severalGateways());
    return all;
  }

  private static Scenario foreign() {
    List<Stream> all = new ArrayList<>();
    double own = 3 / 3.5;
    for (Stream stream : Callers.mixed(4)) {
      all.add(new Stream(stream.tenant(), stream.criticality(), stream.share() * own, 1));
    }
    all.add(new Stream(Arrival.FOREIGN, Criticality.CRITICAL, 1 - own, 1));
    return new Draft("S15", "s=0.1s C=32, foreign 50 %", SERVICE, 32)
        .load(3.5)
        .streams(all)
        .share(.5)
        .measured(30, 120)
        .done();
  }

  private static Scenario criticalPlus(String kind, int capacity, double variation) {
    double end = Scenarios.horizon(SERVICE, capacity, 10, 2_000);
    String cell = "s=0.1s C=" + capacity + kind + " 10x, CRITICAL_PLUS 0.5x";
    return new Draft("S16", cell, SERVICE, capacity)
        .load(10)
        .variation(variation)
        .streams(bySafety())
        .measured(end / 4, end)
        .done();
  }

  /// The same after 20 s at 0.9 times the capacity, so that the gate knows its backend.
  private static Scenario suddenOverload(int capacity) {
    double calm = 20;
    double rate = capacity / SERVICE;
    double end = calm + Scenarios.horizon(SERVICE, capacity, 10, 500);
    String cell = "s=0.1s C=" + capacity + " 0.9x-10x, CRITICAL_PLUS 0.5x";
    return new Draft("S16", cell, SERVICE, capacity)
        .rate(at -> (at < calm ? .9 : 10) * rate)
        .streams(bySafety())
        .overloadFrom(calm)
        .measured(calm, end)
        .done();
  }

  private static List<Stream> bySafety() {
    return List.of(
        new Stream("safety", Criticality.CRITICAL_PLUS, .05, 1),
        new Stream("screen", Criticality.CRITICAL, .25, 1),
        new Stream("sync", Criticality.SHEDDABLE_PLUS, .3, 1),
        new Stream("batch", Criticality.SHEDDABLE, .4, 1));
  }

  private static Scenario criticalAlone() {
    return new Draft("S17", "s=0.1s C=16 2x, CRITICAL alone", SERVICE, 16)
        .load(2)
        .streams(Callers.equal("tenant", 16, Criticality.CRITICAL, 1 / 16.0))
        .measured(30, 120)
        .done();
  }

  private static Scenario elephant() {
    List<Stream> streams = new ArrayList<>();
    streams.add(new Stream("elephant", Criticality.CRITICAL, 20 / 27.0, 1));
    streams.addAll(Callers.equal("victim", 7, Criticality.CRITICAL, 1 / 27.0));
    return new Draft("S18", "s=0.1s C=16, one tenant at 20x its share", SERVICE, 16)
        .rate(at -> 27 / 8.0 * (16 / SERVICE))
        .streams(streams)
        .watching(1, 8)
        .measured(30, 120)
        .done();
  }

  private static Scenario victimsAlone() {
    return new Draft("S18", "s=0.1s C=16, the other seven alone", SERVICE, 16)
        .load(7 / 8.0)
        .streams(Callers.equal("victim", 7, Criticality.CRITICAL, 1 / 7.0))
        .watching(0, 7)
        .measured(30, 120)
        .done();
  }

  private static Scenario mice() {
    List<Stream> streams = new ArrayList<>();
    for (int tenant = 0; tenant < 995; tenant++) {
      streams.add(
          new Stream(
              "mouse-" + tenant, Criticality.CRITICAL, .5 / 995, tenant % 2 == 0 ? .5 : 1.5));
    }
    streams.addAll(Callers.equal("elephant", 5, Criticality.CRITICAL, .1));
    return new Draft("S19", "s=0.1s C=64, 995 mice and 5 elephants, 3x", SERVICE, 64)
        .load(3)
        .streams(streams)
        .watching(0, 995)
        .measured(20, 100)
        .done();
  }

  /// The owner comes only after half of the run; until then its share is lent.
  private static Scenario reserved(String cell, ReservedShares reserved) {
    double needed = 30;
    return new Draft("S20", "s=0.1s C=64, " + cell, SERVICE, 64)
        .load(4)
        .streams(
            List.of(
                new Stream("lender", Criticality.CRITICAL, .75, 1),
                new Stream("owner", Criticality.SHEDDABLE, .25, 1, needed)))
        .reserved(reserved)
        .neededFrom(needed)
        .window(SERVICE + .1)
        .measured(10, 60)
        .done();
  }

  private static Scenario mixedDeadlines() {
    return new Draft("S22", "s=0.1s C=16 3x, deadlines 0.5-10 service times", SERVICE, 16)
        .load(3)
        .patience((chance, at) -> .1 * (.5 + 9.5 * chance.uniform()))
        .measured(30, 120)
        .done();
  }

  private static Scenario severalGateways() {
    return new Draft("S27", "s=0.1s C=64 3x, four gateways", SERVICE, 64)
        .load(3)
        .gateways(4)
        .measured(30, 100)
        .done();
  }
}
