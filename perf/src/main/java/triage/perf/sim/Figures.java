package triage.perf.sim;

import triage.simulation.Score;

/// What one run came to.
///
/// @param scenario the cell
/// @param policy whose run it was
/// @param seed of its chance
/// @param goodput answered in time, as a share of the ideal
/// @param worstWindow the lowest goodput of a window, as a share of that window's ideal
/// @param p99OverDeadline the 99th percentile of time over deadline, of what was dispatched
/// @param criticalSuccess the share of CRITICAL_PLUS that was answered in time
/// @param jain Jain's index over the streams' work
/// @param limitEnd the limit at the end
/// @param recoverSeconds the longest time after a step until a window has 90 % of its ideal; not a
///     number without steps
/// @param falseShed the share of the arrivals that were shed although capacity was there
/// @param wasted the share of the work that was finished too late
record Figures(
    Scenario scenario,
    String policy,
    int seed,
    double goodput,
    double worstWindow,
    double p99OverDeadline,
    double criticalSuccess,
    double jain,
    double limitEnd,
    double recoverSeconds,
    double falseShed,
    double wasted) {
  static Figures of(
      Scenario scenario, World world, String policy, int seed, Score score, double limitEnd) {
    double window = score.windowNanos() / 1e9;
    double ideal = 0;
    double good = 0;
    double worst = Double.MAX_VALUE;
    double needless = 0;
    double arrived = 0;
    int first = (int) Math.ceil(scenario.from() / window);
    int last = (int) (scenario.end() / window);
    for (int i = first; i < last; i++) {
      double could = ideal(scenario, world, score, i);
      ideal += could;
      good += score.goodIn(i);
      arrived += score.arrivedIn(i);
      needless += Math.max(0, Math.min(score.lostIn(i), could - score.goodIn(i)));
      if (could >= 20) {
        worst = Math.min(worst, score.goodIn(i) / could);
      }
    }
    double recover = Double.NaN;
    for (double step : scenario.steps()) {
      int from = (int) (step / window);
      int at = from + 1;
      while (at < last && score.goodIn(at) < .9 * ideal(scenario, world, score, at)) {
        at++;
      }
      double took =
          score.goodIn(from) >= .9 * ideal(scenario, world, score, from) ? 0 : at * window - step;
      recover = Double.isNaN(recover) ? took : Math.max(recover, took);
    }
    return new Figures(
        scenario,
        policy,
        seed,
        good / ideal,
        worst == Double.MAX_VALUE ? Double.NaN : worst,
        score.overDeadline(.99),
        Scoreboard.critical(score),
        score.jain(0, scenario.workload().streams().size()),
        limitEnd,
        recover,
        arrived == 0 ? 0 : needless / arrived,
        score.wastedShare());
  }

  private static double ideal(Scenario scenario, World world, Score score, int window) {
    double seconds = score.windowNanos() / 1e9;
    double possible = 0;
    for (int i = 0; i < 10; i++) {
      possible += world.perSecond().at((window + (i + .5) / 10) * seconds) * seconds / 10;
    }
    return Math.min(score.arrivedIn(window), possible * scenario.share());
  }

  /// Gives the limit at the end as a multiple of the capacity that is there for the gateways.
  double limitOverCapacity() {
    return limitEnd / (scenario.capacity() * scenario.share());
  }

  String json() {
    return "{\"scenario\":\""
        + scenario.name()
        + "\",\"cell\":\""
        + scenario.cell()
        + "\",\"policy\":\""
        + policy
        + "\",\"seed\":"
        + seed
        + field("goodput", goodput)
        + field("worst_window", worstWindow)
        + field("p99_over_deadline", p99OverDeadline)
        + field("critical_success", criticalSuccess)
        + field("jain", jain)
        + field("limit_end", limitEnd)
        + field("recover_s", recoverSeconds)
        + field("false_shed", falseShed)
        + field("wasted", wasted)
        + "}";
  }

  private static String field(String name, double value) {
    return ",\"" + name + "\":" + Scoreboard.number(value);
  }
}
