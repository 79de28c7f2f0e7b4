package triage.pressure;

import java.util.OptionalDouble;

/// Whether CPU time runs short: whether usage has stood above its set point for long enough, or far
/// enough, to be no chance.
///
/// Usage over 100 ms is a noisy figure: around a mean of 85 % every tenth reading is above 90 %.
/// So the excess is summed up over time, what is missing is taken off again, and the shortage
/// begins when the sum is full (95 % or more: after 0.4 s; 92 %: after 1 s), and ends when it is
/// empty. What is above 95 % counts as 95 %: single readings of 100 % are chance, too.
///
/// Where usage was well below its set point until now, a reading above it is a rise and no chance:
/// it counts at once.
///
/// **Source**: E. S. Page, Continuous inspection schemes, Biometrika 41 (1954): the cumulative sum
/// that finds a shift of a mean soonest.
///
/// **Threads**: confined to one thread.
final class Shortage {
  /// The CPUs' time in excess at which it begins, as a share of all of them times nanoseconds.
  private static final double FULL_NANOS = 0.0199e9;

  /// The usage above which more says no more.
  private static final double USAGE_MAX = 0.95;

  /// The usage until now below which a reading above the set point is a rise.
  private static final double CALM = 0.70;

  /// The time over which usage until now is smoothed.
  private static final double USUAL_NANOS = 1e9;

  /// What one reading may stand for at most.
  private static final double READING_NANOS_MAX = 0.2e9;

  private double sumNanos;
  private double usual;
  private long lastNanos;
  private boolean begun;
  private boolean runsShort;

  /// Takes a reading of usage and tells whether CPU time runs short. Where usage is not known, it
  /// may: others decide then.
  boolean update(OptionalDouble usage, long nowNanos) {
    double passed = begun ? Math.clamp((double) (nowNanos - lastNanos), 0, READING_NANOS_MAX) : 0;
    begun = true;
    lastNanos = nowNanos;
    if (usage.isEmpty()) {
      sumNanos = 0;
      runsShort = false;
      return true;
    }
    double now = usage.getAsDouble();
    boolean rises = passed > 0 && usual < CALM && now >= Signal.CPU_USAGE.setPoint();
    usual += (Math.min(1, now) - usual) * -Math.expm1(-passed / USUAL_NANOS);
    double excess = Math.min(USAGE_MAX, now) - Signal.CPU_USAGE.setPoint();
    sumNanos = Math.clamp(sumNanos + excess * passed, 0, FULL_NANOS);
    runsShort = sumNanos >= FULL_NANOS || (runsShort && sumNanos > 0);
    return runsShort || rises;
  }
}
