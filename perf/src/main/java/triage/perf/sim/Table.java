package triage.perf.sim;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/// The scoreboard for the terminal.
final class Table {
  private Table() {}

  static void print(List<Figures> figures, List<String> policies) {
    System.out.printf(
        "%-6s%-52s%-18s%9s%9s%9s%9s%7s%9s%9s%9s%8s%n",
        "", "cell", "policy", "goodput", "worst", "window", "p99/dl", "C+", "jain", "limit/C",
        "recover", "wasted");
    Map<String, List<Figures>> byRow = new LinkedHashMap<>();
    for (Figures one : figures) {
      String key = one.scenario().name() + "|" + one.scenario().cell() + "|" + one.policy();
      byRow.computeIfAbsent(key, any -> new java.util.ArrayList<>()).add(one);
    }
    for (List<Figures> row : byRow.values()) {
      Figures first = row.getFirst();
      System.out.printf(
          Locale.ROOT,
          "%-6s%-52s%-18s%9.1f%9.1f%9.1f%9.2f%7.1f%9.3f%9.2f%9.1f%8.1f%n",
          first.scenario().name(),
          first.scenario().cell(),
          first.policy(),
          100 * median(row, Figures::goodput),
          100 * row.stream().mapToDouble(Figures::goodput).min().orElse(Double.NaN),
          100 * median(row, one -> one.value("worst_window")),
          median(row, one -> one.value("p99_over_deadline")),
          100
              * row.stream()
                  .mapToDouble(one -> one.value("critical_success"))
                  .min()
                  .orElse(Double.NaN),
          row.stream().mapToDouble(one -> one.value("jain")).min().orElse(Double.NaN),
          median(row, Figures::limitOverCapacity),
          row.stream().mapToDouble(one -> one.value("recover_s")).max().orElse(Double.NaN),
          100 * median(row, one -> one.value("wasted")));
    }
    for (String policy : policies) {
      double least =
          figures.stream()
              .filter(one -> one.policy().equals(policy))
              .mapToDouble(Figures::goodput)
              .min()
              .orElse(Double.NaN);
      System.out.printf(
          Locale.ROOT, "least goodput of any run: %-16s %.1f %%%n", policy, 100 * least);
    }
  }

  private static double median(List<Figures> row, ToDoubleFunction<Figures> figure) {
    double[] sorted = row.stream().mapToDouble(figure).sorted().toArray();
    return sorted[sorted.length / 2];
  }
}
