package triage.perf.sim;

import java.util.LinkedHashMap;
import java.util.Map;
import triage.admission.Criticality;
import triage.simulation.Score;

/// What a run is measured by. The ideal of a window is the smaller of what arrived in it and what
/// the backends could have completed.
///
/// **Threads**: confined to one thread.
final class Measurement {
  private static final double RECOVERED = .9;

  /// Fewer expected in a window say nothing about it.
  private static final int LEAST_IN_WINDOW = 20;

  /// How many service times after a step the limit may take to be where it belongs.
  private static final double SETTLING = 5;

  private static final double MINUTE = 60;
  private static final double SPELL = 10;

  private final Scenario scenario;
  private final Scenario.Watch watch;
  private final World world;
  private final Score score;
  private final double window;
  private final double part;
  private final int first;
  private final int last;
  private final Map<String, Double> values = new LinkedHashMap<>();

  private Measurement(Scenario scenario, World world, Score score) {
    this.scenario = scenario;
    this.watch = scenario.watch();
    this.world = world;
    this.score = score;
    this.window = score.windowNanos() / 1e9;
    this.part = score.partNanos() / 1e9;
    this.first = (int) Math.ceil(scenario.from() / window);
    this.last = (int) (scenario.end() / window);
  }

  /// Measures a run that has ended.
  ///
  /// @param limitEnd the policy's limit at the end
  static Map<String, Double> of(Scenario scenario, World world, Score score, double limitEnd) {
    Measurement measurement = new Measurement(scenario, world, score);
    measurement.goodput();
    measurement.values.put("p99_over_deadline", score.overDeadline(.99));
    measurement.values.put("critical_success", score.success(Criticality.CRITICAL_PLUS));
    measurement.values.put("jain", score.jain(0, scenario.workload().streams().size()));
    measurement.values.put("limit_end", limitEnd);
    measurement.values.put("recover_s", measurement.windowsToRecover());
    measurement.values.put("false_shed", measurement.needlessShare());
    measurement.values.put("wasted", score.wastedShare());
    measurement.values.put("service_s", scenario.service());
    measurement.values.put("capacity", scenario.capacity() * scenario.share());
    measurement.values.put("shed", score.shedShare());
    measurement.values.put("p99_s", score.latency(.99));
    measurement.values.put("in_flight_max", (double) score.inFlightMax());
    measurement.values.put("attempts", score.attemptsOverRequests());
    measurement.classes();
    measurement.limits();
    measurement.steps();
    measurement.watched();
    return measurement.values;
  }

  private void goodput() {
    double ideal = 0;
    double good = 0;
    double worst = Double.NaN;
    for (int i = first; i < last; i++) {
      double could = ideal(i);
      ideal += could;
      good += score.goodIn(i);
      if (could >= LEAST_IN_WINDOW) {
        worst = least(worst, score.goodIn(i) / could);
      }
    }
    values.put("goodput", good / ideal);
    values.put("worst_window", worst);
  }

  /// Gives the share of the arrivals that were lost although capacity was there.
  private double needlessShare() {
    double needless = 0;
    double arrived = 0;
    for (int i = first; i < last; i++) {
      arrived += score.arrivedIn(i);
      needless += Math.max(0, Math.min(score.lostIn(i), ideal(i) - score.goodIn(i)));
    }
    return arrived == 0 ? 0 : needless / arrived;
  }

  /// Gives the longest time after a step until a window has 90 % of its ideal; not a number without
  /// steps.
  private double windowsToRecover() {
    double recover = Double.NaN;
    for (double step : watch.steps()) {
      int from = (int) (step / window);
      int at = from + 1;
      while (at < last && score.goodIn(at) < RECOVERED * ideal(at)) {
        at++;
      }
      boolean never = score.goodIn(from) < RECOVERED * ideal(from);
      recover = most(recover, never ? at * window - step : 0);
    }
    return recover;
  }

  /// The same to the part of a window, by the direction of the step.
  private void steps() {
    double down = Double.NaN;
    double up = Double.NaN;
    for (double step : watch.steps()) {
      double took = secondsToRecover(step);
      if (possible(step - part, step) > possible(step, step + part)) {
        down = most(down, took);
      } else {
        up = most(up, took);
      }
    }
    values.put("recover_down_s", down);
    values.put("recover_up_s", up);
  }

  private double secondsToRecover(double step) {
    int from = (int) Math.round(step / part);
    for (int start = from; start + Score.PARTS <= score.parts(); start++) {
      int good = 0;
      int arrived = 0;
      for (int i = start; i < start + Score.PARTS; i++) {
        good += score.goodInPart(i);
        arrived += score.arrivedInPart(i);
      }
      double could = possible(start * part, (start + Score.PARTS) * part);
      if (good >= RECOVERED * Math.min(arrived, could)) {
        return (start - from) * part;
      }
    }
    return scenario.end() - step;
  }

  private void classes() {
    long left = 0;
    for (Criticality criticality : Criticality.values()) {
      left += score.good(criticality);
    }
    double all = Math.max(1, left);
    double below = 0;
    for (Criticality criticality : Criticality.values()) {
      values.put(
          "success_" + criticality.name().toLowerCase(java.util.Locale.ROOT),
          score.success(criticality));
      long strictly = Math.min(left, score.arrived(criticality));
      below += Math.max(0, score.good(criticality) - strictly);
      left -= strictly;
    }
    // What share of the answers went to a class although a higher one could have used it.
    values.put("out_of_order", below / all);
    values.put("critical_success_first_s", score.earlyCriticalSuccess());
  }

  /// The limit over the capacity in the measured part; with steps, once it has settled after each.
  private void limits() {
    double capacity = scenario.capacity() * scenario.share();
    double low = Double.NaN;
    double high = Double.NaN;
    for (int i = first; i < last; i++) {
      double limit = score.limitIn(i) / capacity;
      if (!Double.isNaN(limit) && isSettled(i * window)) {
        low = least(low, limit);
        high = most(high, limit);
      }
    }
    values.put("limit_low", low);
    values.put("limit_high", high);
    values.put("limit_mean", limitBetween(scenario.from(), scenario.end()));
    values.put("limit_at_1min", limitBetween(MINUTE, MINUTE + SPELL));
    values.put("limit_last", limitBetween(scenario.end() - SPELL, scenario.end()));
  }

  private boolean isSettled(double seconds) {
    double[] steps = watch.steps();
    for (double step : steps) {
      if (seconds > step - window && seconds < step + SETTLING * scenario.service()) {
        return false;
      }
    }
    return steps.length == 0 || seconds >= steps[0];
  }

  /// Gives the mean of the limit in windows that begin in a span of time.
  private double limitBetween(double from, double to) {
    double sum = 0;
    int count = 0;
    for (int i = (int) Math.ceil(Math.max(0, from) / window);
        i < score.windows() && i * window < to;
        i++) {
      if (!Double.isNaN(score.limitIn(i))) {
        sum += score.limitIn(i);
        count++;
      }
    }
    return count == 0 ? Double.NaN : sum / count;
  }

  private void watched() {
    if (!Double.isNaN(watch.peakFrom())) {
      values.put("goodput_peak", goodputBetween(watch.peakFrom(), watch.peakTo()));
    }
    if (!Double.isNaN(watch.calmFrom())) {
      values.put("calm_s", Math.max(0, score.lastShedNanos() / 1e9 - watch.calmFrom()));
    }
    if (watch.shortSeconds() > 0) {
      values.put("short_p99_s", score.shortLatency(.99));
      values.put("short_held_p99_s", score.shortHeld(.99));
    }
    if (watch.streamsTo() > 0) {
      int from = watch.streamsFrom();
      int to = watch.streamsTo();
      values.put("watched_jain", score.jain(from, to));
      values.put("watched_p99_over_deadline", score.streamsOverDeadline(from, to, .99));
      values.put("watched_wait_max_s", score.longestWait(from, to));
    }
    if (!Double.isNaN(watch.neededFrom())) {
      values.put("lender_goodput", goodputBetween(scenario.from(), watch.neededFrom()));
      values.put("owner_full_s", secondsToFullShare());
    }
  }

  private double goodputBetween(double from, double to) {
    double good = 0;
    double ideal = 0;
    for (int i = (int) Math.ceil(from / window); (i + 1) * window <= to; i++) {
      good += score.goodIn(i);
      ideal += ideal(i);
    }
    return good / ideal;
  }

  /// Gives how long the owner of a reserved share takes until a window begins in which it has 90 %
  /// of it.
  private double secondsToFullShare() {
    int from = (int) Math.round(watch.neededFrom() / part);
    double share = scenario.reserved().sheddable();
    for (int start = from; start + Score.PARTS <= score.parts(); start++) {
      int own = 0;
      int all = 0;
      for (int i = start; i < start + Score.PARTS; i++) {
        own += score.dispatchedInPart(Criticality.SHEDDABLE, i);
        for (Criticality criticality : Criticality.values()) {
          all += score.dispatchedInPart(criticality, i);
        }
      }
      if (all > 0 && own >= RECOVERED * share * all) {
        return (start - from) * part;
      }
    }
    return scenario.end() - watch.neededFrom();
  }

  private double ideal(int index) {
    return Math.min(score.arrivedIn(index), possible(index * window, (index + 1) * window));
  }

  private double possible(double from, double to) {
    double seconds = to - from;
    double possible = 0;
    for (int i = 0; i < 10; i++) {
      possible += world.perSecond().perSecond(from + (i + .5) / 10 * seconds) * seconds / 10;
    }
    return possible * scenario.share();
  }

  private static double least(double known, double value) {
    return Double.isNaN(known) ? value : Math.min(known, value);
  }

  private static double most(double known, double value) {
    return Double.isNaN(known) ? value : Math.max(known, value);
  }
}
