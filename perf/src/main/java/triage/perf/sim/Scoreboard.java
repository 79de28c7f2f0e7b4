package triage.perf.sim;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import triage.admission.GateSettings;
import triage.admission.LimitSettings;
import triage.perf.rival.Rivals;
import triage.simulation.GatePolicy;
import triage.simulation.Policy;
import triage.simulation.Score;
import triage.simulation.Simulation;

/// The scoreboard: every scenario, policy and seed, as JSON lines and a table.
public final class Scoreboard {
  private static final double SECOND = 1e9;
  private static final String BEST_FIXED = "best-fixed";

  /// The limits among which the best fixed one is looked for, as multiples of the capacity.
  private static final double[] MULTIPLES = {.5, .75, .9, 1, 1.1, 1.25, 1.5, 2, 2.5, 3, 4};

  private Scoreboard() {}

  /// Runs it: `Scoreboard FILE quick|full TRACES POLICIES SEEDS [SCENARIO...]`. Where a best fixed
  /// limit is looked for, that is one more policy, `best-fixed`.
  ///
  /// @throws Exception if a run breaks an invariant, or the file cannot be written
  public static void main(String[] args) throws Exception {
    boolean quick = args[1].equals("quick");
    List<String> policies = List.of(args[3].split(","));
    int seeds = Integer.parseInt(args[4]);
    List<String> wanted = Arrays.asList(args).subList(5, args.length);
    List<Scenario> scenarios =
        Scenarios.all(quick, Path.of(args[2])).stream()
            .filter(scenario -> wanted.isEmpty() || wanted.contains(scenario.name()))
            .toList();
    try (ExecutorService threads =
            Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        PrintWriter lines = new PrintWriter(Files.newBufferedWriter(Path.of(args[0])))) {
      try {
        new Scoreboard().run(scenarios, policies, seeds, threads, lines);
      } finally {
        threads.shutdownNow();
      }
    }
  }

  private void run(
      List<Scenario> scenarios,
      List<String> policies,
      int seeds,
      ExecutorService threads,
      PrintWriter lines)
      throws Exception {
    AtomicInteger done = new AtomicInteger();
    AtomicInteger all = new AtomicInteger();
    List<Future<Figures>> running = new ArrayList<>();
    for (Scenario scenario : scenarios) {
      List<String> here = new ArrayList<>(policies);
      if (scenario.watch().bestFixed()) {
        here.add(BEST_FIXED);
      }
      for (String policy : here) {
        for (int seed = 1; seed <= seeds; seed++) {
          int number = seed;
          all.incrementAndGet();
          running.add(
              threads.submit(() -> {
                Figures figures = run(scenario, policy, number);
                int count = done.incrementAndGet();
                if (count % 100 == 0) {
                  System.err.printf("sim: %d of %d runs%n", count, all.get());
                }
                return figures;
              }));
        }
      }
    }
    List<Figures> figures = new ArrayList<>();
    for (Future<Figures> future : running) {
      Figures one = future.get();
      figures.add(one);
      lines.println(one.json());
    }
    Table.print(figures, policies);
  }

  private static Figures run(Scenario scenario, String name, int seed) throws IOException {
    if (!name.equals(BEST_FIXED)) {
      return run(scenario, name, seed, 1.1);
    }
    Figures best = run(scenario, "oracle", seed, MULTIPLES[0]);
    for (double multiple : MULTIPLES) {
      Figures tried = run(scenario, "oracle", seed, multiple);
      best = tried.goodput() > best.goodput() ? tried : best;
    }
    return best.as(BEST_FIXED);
  }

  /// @param multiple of the capacity that the oracle takes as its limit
  private static Figures run(Scenario scenario, String name, int seed, double multiple)
      throws IOException {
    World world = scenario.world().get();
    Policy policy =
        new Gateways(scenario.gateways(), () -> policy(name, scenario, world, seed, multiple));
    long end = (long) (scenario.end() * SECOND);
    Score.Frame frame =
        new Score.Frame(
            (long) (scenario.window() * SECOND),
            (long) (scenario.from() * SECOND),
            end,
            (long) (scenario.watch().shortSeconds() * SECOND),
            (long) (scenario.watch().overloadFrom() * SECOND));
    Score score = new Score(frame, scenario.workload().streams(), policy::limit);
    new Simulation(scenario.workload(), policy, world.servers(), seed, end, world.changes(), score)
        .run();
    return new Figures(
        scenario, name, seed, Measurement.of(scenario, world, score, policy.limit()));
  }

  private static Policy policy(
      String name, Scenario scenario, World world, int seed, double multiple) {
    long tick = (long) Math.max(1_000_000, scenario.service() * SECOND / 10);
    GateSettings settings = new GateSettings(100_000, scenario.reserved());
    List<Integer> slots = world.slots().isEmpty() ? List.of(scenario.capacity()) : world.slots();
    return switch (name) {
      case "triage" ->
          new GatePolicy(
              settings,
              Collections.nCopies(
                  slots.size(), LimitSettings.selfTuning(LimitSettings.MOST_DEFAULT)),
              tick);
      case "oracle" -> {
        double own = multiple * scenario.share() / scenario.gateways();
        yield new GatePolicy(
            settings,
            slots.stream()
                .map(count -> LimitSettings.fixed((int) Math.max(1, Math.ceil(own * count))))
                .toList(),
            tick);
      }
      default -> new RivalPolicy(Rivals.fresh(name, seed), slots.size());
    };
  }
}
