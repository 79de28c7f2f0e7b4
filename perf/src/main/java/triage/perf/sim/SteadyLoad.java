package triage.perf.sim;

import java.util.ArrayList;
import java.util.List;

/// Loads that stay as they are, from the first moment on: the grid of service times and capacities
/// (S1), too little to shed anybody (S3), long (S7), ten times too much from a cold start (S8), few
/// (S10), a slow model (S25), and work that is all but the same for every request (EVEN).
final class SteadyLoad {
  private SteadyLoad() {}

  static List<Scenario> all(boolean quick) {
    List<Scenario> all = new ArrayList<>();
    double[] services =
        quick ? new double[] {.002, .3, 30} : new double[] {.002, .05, .3, 1, 10, 30};
    int[] capacities = quick ? new int[] {1, 8, 100} : new int[] {1, 2, 8, 32, 100, 500};
    for (double service : services) {
      for (int capacity : capacities) {
        String cell = String.format("s=%.3fs C=%d 3x", service, capacity);
        double end = Scenarios.horizon(service, capacity, 3, Math.max(600, 10 / service));
        all.add(steady("S1", cell, service, capacity, 3, end / 3, end));
      }
    }
    for (double load : new double[] {.5, .9}) {
      for (int capacity : new int[] {1, 8, 100}) {
        String cell = String.format("s=0.050s C=%d %.1fx", capacity, load);
        double end = Scenarios.horizon(.05, capacity, load, 6_000);
        all.add(steady("S3", cell, .05, capacity, load, end / 3, end));
      }
    }
    // 20,000 service times; more slots would be more than 200,000 arrivals.
    all.add(steady("S7", "s=0.050s C=3 3x long", .05, 3, 3, 60, quick ? 300 : 1_000));
    for (int capacity : new int[] {1, 8, 100, 500}) {
      double start = Math.max(2, 10 * .3);
      double end = start + Scenarios.horizon(.3, capacity, 10, 100);
      all.add(steady("S8", "s=0.300s C=" + capacity + " 10x cold", .3, capacity, 10, start, end));
    }
    for (int capacity : new int[] {1, 2, 4}) {
      all.add(steady("S10", "s=30s C=" + capacity + " 1.5x", 30, capacity, 1.5, 300, 1_800));
    }
    all.add(steady("S10", "s=30s C=4 2/s", 30, 4, 15, 300, 1_800));
    all.add(steady("S25", "s=1.000s C=16 3x", 1, 16, 3, 60, 400));
    for (double light : new double[] {.1, .5, 3}) {
      all.add(lightAtFirst(1, 64, light));
    }
    for (int capacity : new int[] {2, 4, 16}) {
      all.add(even(.36, capacity, 5));
    }
    return all;
  }

  /// What comes first takes a seventh of what comes later.
  private static Scenario lightAtFirst(double service, int capacity, double light) {
    String cell = String.format("s=%.3fs C=%d 3x, a seventh for %.1fs", service, capacity, light);
    return new Draft("LIGHT", cell, service, capacity)
        .load(3)
        .work((chance, at) ->
            (at < light ? service / 7 : service) * chance.lognormal(Draft.VARIATION))
        .measured(20, 120)
        .done();
  }

  private static Scenario even(double service, int capacity, double load) {
    String cell = String.format("s=%.3fs C=%d %.0fx", service, capacity, load);
    return new Draft("EVEN", cell, service, capacity)
        .load(load)
        .variation(Draft.EVEN)
        .measured(20, 200)
        .done();
  }

  private static Scenario steady(
      String name,
      String cell,
      double service,
      int capacity,
      double load,
      double from,
      double end) {
    return new Draft(name, cell, service, capacity).load(load).measured(from, end).done();
  }
}
