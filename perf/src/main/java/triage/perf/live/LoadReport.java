package triage.perf.live;

import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/// A [Tally] as JSON lines: each class in each second, each class in each section, and the run.
///
/// **Units**: as their keys say; `second` counts from the beginning of the run, warm-up included.
///
/// Immutable.
final class LoadReport {
  private LoadReport() {}

  /// Gives the lines; that of the run is the last.
  static List<String> lines(Tally tally) {
    Plan plan = tally.plan();
    List<String> lines = new ArrayList<>();
    for (int number = 0; number < plan.classes().size(); number++) {
      for (int second = 0; second < plan.totalSeconds(); second++) {
        lines.add(second(tally, number, second));
      }
    }
    int from = plan.warmUpSeconds();
    for (int section = 0; section < plan.sectionSeconds().size(); section++) {
      int to = from + plan.sectionSeconds().get(section);
      for (int number = 0; number < plan.classes().size(); number++) {
        lines.add(section(tally, number, section, from, to));
      }
      from = to;
    }
    lines.add(run(tally));
    return lines;
  }

  private static String second(Tally tally, int number, int second) {
    Tally.Second counts = tally.second(number, second);
    JsonLine line =
        new JsonLine("second")
            .put("class", tally.plan().classes().get(number).name())
            .put("second", second)
            .put("offered", counts.offered())
            .put("goodput", counts.goodput());
    for (Outcome outcome : Outcome.values()) {
      line.put(outcome.key(), counts.outcomes().get(outcome.ordinal()));
    }
    return line.toString();
  }

  private static String section(Tally tally, int number, int section, int from, int to) {
    JsonLine line =
        new JsonLine("section")
            .put("class", tally.plan().classes().get(number).name())
            .put("section", section)
            .put("fromSecond", from)
            .put("toSecond", to);
    long offered = 0;
    long goodput = 0;
    long[] outcomes = new long[Outcome.values().length];
    for (int second = from; second < to; second++) {
      Tally.Second counts = tally.second(number, second);
      offered += counts.offered();
      goodput += counts.goodput();
      for (Outcome outcome : Outcome.values()) {
        outcomes[outcome.ordinal()] += counts.outcomes().get(outcome.ordinal());
      }
    }
    line.put("offered", offered).put("goodput", goodput);
    for (Outcome outcome : Outcome.values()) {
      line.put(outcome.key(), outcomes[outcome.ordinal()]);
    }
    line.put("reasons", tally.reasons(number, section));
    percentiles(line, "served", tally.served(number, section));
    percentiles(line, "refused", tally.refused(number, section));
    percentiles(line, "sendLateness", tally.lateness(section));
    return line.toString();
  }

  private static String run(Tally tally) {
    JsonLine line =
        new JsonLine("run")
            .put("seed", tally.plan().seed())
            .put("sent", tally.lateness().getTotalCount())
            .put("unsent", tally.unsent())
            .put("secondAnswers", tally.secondAnswers())
            .put("connectionsMax", tally.connectionsMax())
            .put("cpuMicrosPerRequest", tally.cpuMicrosPerRequest());
    percentiles(line, "sendLateness", tally.lateness());
    return line.put("void", tally.isVoid()).toString();
  }

  private static void percentiles(JsonLine line, String name, Histogram micros) {
    line.put(name + "P50Ms", micros.getValueAtPercentile(50) / 1e3)
        .put(name + "P99Ms", micros.getValueAtPercentile(99) / 1e3)
        .put(name + "MaxMs", micros.getMaxValue() / 1e3);
  }
}
