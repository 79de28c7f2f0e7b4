package triage.perf.sim;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import triage.admission.Criticality;
import triage.admission.LimitSettings;
import triage.perf.rival.Rivals;
import triage.simulation.GatePolicy;
import triage.simulation.Policy;
import triage.simulation.Score;
import triage.simulation.Simulation;

/// The scoreboard: every scenario, policy and seed, as JSON lines and a table.
public final class Scoreboard {
  private static final double SECOND = 1e9;

  private Scoreboard() {}

  /// Runs it: `Scoreboard FILE quick|full POLICIES SEEDS [SCENARIO...]`.
  ///
  /// @throws Exception if a run breaks an invariant, or the file cannot be written
  public static void main(String[] args) throws Exception {
    boolean quick = args[1].equals("quick");
    List<String> policies = List.of(args[2].split(","));
    int seeds = Integer.parseInt(args[3]);
    List<String> wanted = Arrays.asList(args).subList(4, args.length);
    List<Scenario> scenarios =
        Scenarios.all(quick).stream()
            .filter(scenario -> wanted.isEmpty() || wanted.contains(scenario.name()))
            .toList();
    try (ExecutorService threads =
            Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        PrintWriter lines = new PrintWriter(Files.newBufferedWriter(Path.of(args[0])))) {
      new Scoreboard().run(scenarios, policies, seeds, threads, lines);
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
    int all = scenarios.size() * policies.size() * seeds;
    List<Future<Figures>> running = new ArrayList<>();
    for (Scenario scenario : scenarios) {
      for (String policy : policies) {
        for (int seed = 1; seed <= seeds; seed++) {
          int number = seed;
          running.add(
              threads.submit(() -> {
                Figures figures = run(scenario, policy, number);
                int count = done.incrementAndGet();
                if (count % 100 == 0) {
                  System.err.printf("sim: %d of %d runs%n", count, all);
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
    World world = scenario.world().get();
    Policy policy = new Gateways(scenario.gateways(), () -> policy(name, scenario, seed));
    long end = (long) (scenario.end() * SECOND);
    Score score =
        new Score(
            (long) (scenario.window() * SECOND),
            (long) (scenario.from() * SECOND),
            end,
            scenario.workload().streams(),
            policy::limit);
    new Simulation(scenario.workload(), policy, world.servers(), seed, end, world.changes(), score)
        .run();
    return Figures.of(scenario, world, name, seed, score, policy.limit());
  }

  private static Policy policy(String name, Scenario scenario, int seed) {
    long tick = (long) Math.max(1_000_000, scenario.service() * SECOND / 10);
    return switch (name) {
      case "triage" ->
          new GatePolicy(List.of(LimitSettings.selfTuning(LimitSettings.MOST_DEFAULT)), tick);
      case "oracle" -> {
        double own = 1.1 * scenario.capacity() * scenario.share() / scenario.gateways();
        yield new GatePolicy(List.of(LimitSettings.fixed((int) Math.ceil(own))), tick);
      }
      default -> new RivalPolicy(Rivals.fresh(name, seed));
    };
  }

  /// Gives a share of critical success, for the record.
  static double critical(Score score) {
    return score.success(Criticality.CRITICAL_PLUS);
  }

  /// Formats a number for JSON.
  static String number(double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%.4f", value) : "null";
  }
}
