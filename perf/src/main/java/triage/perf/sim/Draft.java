package triage.perf.sim;

import java.util.List;
import java.util.function.Supplier;
import triage.admission.ReservedShares;
import triage.simulation.Arrivals;
import triage.simulation.ModelServer;
import triage.simulation.Retries;
import triage.simulation.SlotServer;
import triage.simulation.Workload;
import triage.simulation.Workload.Draw;
import triage.simulation.Workload.Stream;

/// A scenario in the making. Unless said otherwise: one backend with some slots, lognormal service
/// times with a coefficient of variation of 0.5, a deadline of six service times and 50 ms, four
/// classes and eight tenants, one gateway, no retries.
///
/// **Threads**: confined to one thread.
final class Draft {
  /// The usual coefficient of variation of service times.
  static final double VARIATION = 0.5;

  /// The spread of work that is all but the same for every request.
  static final double EVEN = 0.05;

  private final String name;
  private final String cell;
  private final double service;
  private final int capacity;
  private Arrivals arrivals;
  private Draw work;
  private Draw patience;
  private List<Stream> streams = Callers.mixed(8);
  private Retries retries = Retries.NONE;
  private Supplier<World> world;
  private double from;
  private double end;
  private int gateways = 1;
  private double share = 1;
  private ReservedShares reserved = ReservedShares.DEFAULTS;
  private double[] steps = new double[0];
  private double peakFrom = Double.NaN;
  private double peakTo = Double.NaN;
  private double calmFrom = Double.NaN;
  private double shortSeconds;
  private int streamsFrom;
  private int streamsTo;
  private double neededFrom = Double.NaN;
  private double windowSeconds = Double.NaN;
  private double overloadFrom;
  private boolean bestFixed;

  /// Begins one, with arrivals that just fill the backend.
  ///
  /// @param service the mean service time, in seconds
  /// @param capacity of the backend
  Draft(String name, String cell, double service, int capacity) {
    this.name = name;
    this.cell = cell;
    this.service = service;
    this.capacity = capacity;
    this.patience = (chance, at) -> 6 * service + .05;
    this.world = () -> World.of(capacity / service, new SlotServer(capacity));
    this.arrivals = Arrivals.poisson(at -> capacity / service);
    variation(VARIATION);
  }

  /// Offers a steady multiple of the capacity.
  Draft load(double load) {
    double rate = load * capacity / service;
    return rate(at -> rate);
  }

  Draft rate(Arrivals.Rate rate) {
    return arrivals(Arrivals.poisson(rate));
  }

  Draft arrivals(Arrivals arrivals) {
    this.arrivals = arrivals;
    return this;
  }

  Draft work(Draw work) {
    this.work = work;
    return this;
  }

  /// Sets the coefficient of variation of service times.
  Draft variation(double variation) {
    return work((chance, at) -> service * chance.lognormal(variation));
  }

  Draft patience(Draw patience) {
    this.patience = patience;
    return this;
  }

  Draft streams(List<Stream> streams) {
    this.streams = streams;
    return this;
  }

  Draft retries(Retries retries) {
    this.retries = retries;
    return this;
  }

  Draft world(Supplier<World> world) {
    this.world = world;
    return this;
  }

  /// Puts another server there, which completes as much as the usual one.
  Draft server(Supplier<ModelServer> server) {
    return world(() -> World.of(capacity / service, server.get()));
  }

  Draft measured(double from, double end) {
    this.from = from;
    this.end = end;
    return this;
  }

  Draft gateways(int gateways) {
    this.gateways = gateways;
    return this;
  }

  /// Says what share of the capacity is there for the gateways.
  Draft share(double share) {
    this.share = share;
    return this;
  }

  Draft reserved(ReservedShares reserved) {
    this.reserved = reserved;
    return this;
  }

  Draft steps(double... steps) {
    this.steps = steps;
    return this;
  }

  Draft peak(double from, double to) {
    this.peakFrom = from;
    this.peakTo = to;
    return this;
  }

  Draft calmFrom(double calmFrom) {
    this.calmFrom = calmFrom;
    return this;
  }

  Draft shortBelow(double seconds) {
    this.shortSeconds = seconds;
    return this;
  }

  Draft watching(int from, int to) {
    this.streamsFrom = from;
    this.streamsTo = to;
    return this;
  }

  Draft neededFrom(double neededFrom) {
    this.neededFrom = neededFrom;
    return this;
  }

  Draft window(double seconds) {
    this.windowSeconds = seconds;
    return this;
  }

  Draft overloadFrom(double seconds) {
    this.overloadFrom = seconds;
    return this;
  }

  Draft bestFixed() {
    this.bestFixed = true;
    return this;
  }

  Scenario done() {
    return new Scenario(
        name,
        cell,
        service,
        capacity,
        new Workload(arrivals, work, patience, streams, retries),
        world,
        from,
        end,
        gateways,
        share,
        reserved,
        new Scenario.Watch(
            steps,
            peakFrom,
            peakTo,
            calmFrom,
            shortSeconds,
            streamsFrom,
            streamsTo,
            neededFrom,
            windowSeconds,
            overloadFrom,
            bestFixed));
  }
}
