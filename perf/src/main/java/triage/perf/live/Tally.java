package triage.perf.live;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/// What became of the requests of one run: counts by class and second, latencies by class and
/// section, and how late the generator was.
///
/// A request belongs to the second and the section in which it was meant to be sent; goodput alone
/// belongs to the second of the answer. What was meant before the first section is warm-up: it is
/// in the seconds and nowhere else.
///
/// **Units**: nanoseconds since the run began; histograms hold microseconds.
///
/// **Threads**: confined to one thread.
public final class Tally {
  /// The p99 of a section's send lateness beyond which a run says nothing about the server.
  public static final long LATENESS_NANOS_MAX = 20_000_000;

  private static final long SECOND_NANOS = 1_000_000_000;
  private static final long MICROS_MAX = 600_000_000;
  private static final int DIGITS = 3;

  /// What became of one class in one second.
  ///
  /// @param offered meant to be sent in it
  /// @param goodput good answers that came in it
  /// @param outcomes of those that were offered, by the number of the [Outcome]
  public record Second(long offered, long goodput, List<Long> outcomes) {}

  private final Plan plan;
  private final long[][][] seconds;
  private final Histogram[][] served;
  private final Histogram[][] refused;
  private final Histogram[] lateness;
  private final List<List<Map<String, Long>>> reasons = new ArrayList<>();
  private final int goodputColumn = Outcome.values().length;
  private final int offeredColumn = goodputColumn + 1;
  private long unsent;
  private long secondAnswers;
  private int connectionsMax;
  private long cpuNanos;

  Tally(Plan plan) {
    this.plan = plan;
    int classes = plan.classes().size();
    int sections = plan.sectionSeconds().size();
    seconds = new long[classes][plan.totalSeconds() + 1][offeredColumn + 1];
    served = new Histogram[classes][sections];
    refused = new Histogram[classes][sections];
    lateness = new Histogram[sections];
    for (int section = 0; section < sections; section++) {
      lateness[section] = new Histogram(MICROS_MAX, DIGITS);
      for (int number = 0; number < classes; number++) {
        served[number][section] = new Histogram(MICROS_MAX, DIGITS);
        refused[number][section] = new Histogram(MICROS_MAX, DIGITS);
      }
    }
    for (int number = 0; number < classes; number++) {
      List<Map<String, Long>> mine = new ArrayList<>();
      for (int section = 0; section < sections; section++) {
        mine.add(new TreeMap<>());
      }
      reasons.add(mine);
    }
  }

  /// Counts a request that is being sent now.
  void sent(int number, long intendedNanos, long nowNanos) {
    seconds[number][second(intendedNanos)][offeredColumn]++;
    int section = plan.sectionAt(intendedNanos);
    if (section >= 0) {
      record(lateness[section], nowNanos - intendedNanos);
    }
  }

  /// Counts an answer.
  ///
  /// @param reason the answer's `Triage-Reason`, or an empty string
  Outcome answered(int number, long intendedNanos, long nowNanos, int status, String reason) {
    boolean inTime = nowNanos - intendedNanos <= plan.classes().get(number).timeoutNanos();
    Outcome outcome =
        status / 100 == 2
            ? inTime ? Outcome.GOOD : Outcome.LATE
            : reason.isEmpty() ? Outcome.ERROR : Outcome.SHED;
    count(number, intendedNanos, outcome, reason.isEmpty() ? "status-" + status : reason);
    if (outcome == Outcome.GOOD) {
      seconds[number][second(nowNanos)][goodputColumn]++;
    }
    int section = plan.sectionAt(intendedNanos);
    if (section >= 0) {
      boolean good = outcome == Outcome.GOOD || outcome == Outcome.LATE;
      record((good ? served : refused)[number][section], nowNanos - intendedNanos);
    }
    return outcome;
  }

  /// Counts a request that was given up; its latency is the limit.
  void timedOut(int number, long intendedNanos) {
    count(number, intendedNanos, Outcome.TIMEOUT, "");
    int section = plan.sectionAt(intendedNanos);
    if (section >= 0) {
      record(served[number][section], plan.classes().get(number).limitNanos());
    }
  }

  /// Counts a request whose connection broke.
  void failed(int number, long intendedNanos, String cause) {
    count(number, intendedNanos, Outcome.ERROR, cause);
  }

  /// Counts a request for which there was no connection: the run is void.
  void notSent(int number, long intendedNanos) {
    unsent++;
    failed(number, intendedNanos, "no-connection");
  }

  /// Notes how many connections are open.
  void connections(int open) {
    connectionsMax = Math.max(connectionsMax, open);
  }

  /// Notes what the generator used of the processors after the warm-up.
  void cpu(long nanos) {
    cpuNanos = nanos;
  }

  private void count(int number, long intendedNanos, Outcome outcome, String reason) {
    seconds[number][second(intendedNanos)][outcome.ordinal()]++;
    int section = plan.sectionAt(intendedNanos);
    if (section >= 0 && (outcome == Outcome.SHED || outcome == Outcome.ERROR)) {
      reasons.get(number).get(section).merge(reason, 1L, Long::sum);
    }
  }

  private int second(long nanos) {
    return (int) Math.min(nanos / SECOND_NANOS, plan.totalSeconds());
  }

  private static void record(Histogram histogram, long nanos) {
    histogram.recordValue(Math.clamp(nanos / 1000, 0, MICROS_MAX));
  }

  /// Gives what was planned.
  public Plan plan() {
    return plan;
  }

  /// Gives what became of a class in one second, the warm-up's seconds counted, too.
  public Second second(int number, int second) {
    long[] counts = seconds[number][second];
    List<Long> outcomes = new ArrayList<>();
    for (Outcome outcome : Outcome.values()) {
      outcomes.add(counts[outcome.ordinal()]);
    }
    return new Second(counts[offeredColumn], counts[goodputColumn], List.copyOf(outcomes));
  }

  /// Gives the latencies of what was served, late or given up, in microseconds.
  public Histogram served(int number, int section) {
    return served[number][section];
  }

  /// Gives the latencies of what was answered otherwise, with a reason or without, in microseconds.
  public Histogram refused(int number, int section) {
    return refused[number][section];
  }

  /// Gives how often which reason was given for a shed or an error.
  public Map<String, Long> reasons(int number, int section) {
    return reasons.get(number).get(section);
  }

  /// Gives how late requests of one section were sent, in microseconds.
  public Histogram lateness(int section) {
    return lateness[section];
  }

  /// Gives how late requests were sent after the warm-up, in microseconds.
  public Histogram lateness() {
    Histogram all = new Histogram(MICROS_MAX, DIGITS);
    for (Histogram section : lateness) {
      all.add(section);
    }
    return all;
  }

  /// Gives the largest number of connections that were open at once.
  public int connectionsMax() {
    return connectionsMax;
  }

  /// Gives how many requests found no connection.
  public long unsent() {
    return unsent;
  }

  /// Notes that more came than one answer to one request.
  void answeredTwice() {
    secondAnswers++;
  }

  /// Gives how often more came than one answer to one request.
  public long secondAnswers() {
    return secondAnswers;
  }

  /// Gives the processor time of the generator for each request after the warm-up.
  public double cpuMicrosPerRequest() {
    return cpuNanos / 1e3 / Math.max(1, lateness().getTotalCount());
  }

  /// Says whether the generator itself fell behind in any section, so that the run says nothing
  /// about the server.
  public boolean isVoid() {
    return unsent > 0
        || Arrays.stream(lateness)
            .anyMatch(section -> section.getValueAtPercentile(99) * 1000 > LATENESS_NANOS_MAX);
  }
}
