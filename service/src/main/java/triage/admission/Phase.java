package triage.admission;

/// What was seen of the requests that were dispatched while the limit stood at one level.
///
/// **Units**: nanoseconds.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class Phase {
  static final int SAMPLES = 32;
  private static final double LONGER = Math.log(1.5);
  private static final double PRIOR_SAMPLES = 3;
  private static final double PRIOR_VARIATION = 0.25;

  private int level;
  private long startedNanos;
  private int dispatched;
  private int ended;
  private int sampled;
  private int late;
  private long endedBefore;
  private long dispatchedSumNanos;
  private double inFlightSum;
  private final double[] samples = new double[SAMPLES];
  private double logSum;
  private double logSquares;

  /// Begins anew.
  ///
  /// @param endedSoFar how many requests have ended at this backend before
  void begin(int atLevel, long endedSoFar, long nowNanos) {
    endedBefore = endedSoFar;
    level = atLevel;
    startedNanos = nowNanos;
    dispatched = 0;
    ended = 0;
    sampled = 0;
    late = 0;
    dispatchedSumNanos = 0;
    inFlightSum = 0;
    logSum = 0;
    logSquares = 0;
  }

  int level() {
    return level;
  }

  long startedNanos() {
    return startedNanos;
  }

  int dispatched() {
    return dispatched;
  }

  int sampled() {
    return sampled;
  }

  int outstanding() {
    return dispatched - ended;
  }

  void dispatch(int inFlight, long nowNanos) {
    dispatched++;
    dispatchedSumNanos += nowNanos - startedNanos;
    inFlightSum += inFlight;
  }

  void end(long dispatchedNanos, long heldNanos, boolean sample, boolean wasLate) {
    ended++;
    if (wasLate) {
      late++;
    }
    dispatchedSumNanos -= dispatchedNanos - startedNanos;
    if (sample) {
      sampled++;
      samples[sampled - 1 & SAMPLES - 1] = heldNanos;
      double log = Math.log((double) Math.max(1, heldNanos));
      logSum += log;
      logSquares += log * log;
    }
  }

  /// Gives the mean number in flight that the dispatches of this phase met, themselves included.
  double inFlight() {
    return inFlightSum / Math.max(1, dispatched);
  }

  long endedBefore() {
    return endedBefore;
  }

  /// Copies the newest samples, and gives how many there are.
  int copySamples(double[] to) {
    int count = Math.min(sampled, SAMPLES);
    System.arraycopy(samples, 0, to, 0, count);
    return count;
  }

  /// Gives the share of what has ended that ended too late.
  double lateShare() {
    return (double) late / Math.max(1, ended);
  }

  /// Gives the mean of the logarithm of the time held; what is outstanding counts with
  /// its age, or as somewhat longer than what has ended where it is young.
  double logHeld(long nowNanos) {
    int outstanding = outstanding();
    if (outstanding == 0) {
      return logSum / Math.max(1, sampled);
    }
    double age = (double) (nowNanos - startedNanos) - (double) dispatchedSumNanos / outstanding;
    double mean = logSum / Math.max(1, sampled);
    double expected = Math.max(mean + LONGER, Math.log(Math.max(1, age)));
    return (logSum + outstanding * expected) / (sampled + outstanding);
  }

  /// Gives the variance of the logarithm of the time held. Few samples seem more alike than they
  /// are: some of a usual variation is mixed in.
  double logVariation() {
    double mean = logSum / Math.max(1, sampled);
    double seen = Math.max(0, logSquares - sampled * mean * mean);
    return (seen + PRIOR_SAMPLES * PRIOR_VARIATION) / (sampled + PRIOR_SAMPLES);
  }

  /// Gives the variance of [#logHeld].
  double logNoise() {
    return logVariation() / Math.max(1, sampled) + 0.0001;
  }
}
