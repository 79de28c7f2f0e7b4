package triage.admission;

/// What was seen of the requests that were dispatched while the limit stood at one level.
///
/// **Units**: nanoseconds.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class Phase {
  /// How many samples are kept; even.
  static final int SAMPLES = 32;

  /// What is outstanding is longer than what has ended: by how much at least, as a logarithm, and
  /// in standard deviations of what has ended, where that is the shorter part of all.
  private static final double LONGER_MIN = Math.log(1.5);

  private static final double LONGER = 2.4;

  /// How wrong that guess may be, in variances.
  private static final double GUESSED = 1.5;

  private static final double PRIOR_SAMPLES = 3;
  private static final int WINDOW_MIN = 4;

  private int level;
  private boolean isBelow;
  private double expected = Evenness.EXPECTED;
  private long startedNanos;
  private int dispatched;
  private int ended;
  private int sampled;
  private int late;
  private long endedBefore;
  private long dispatchedSumNanos;
  private double inFlightSum;

  private final double[] samples = new double[SAMPLES];
  private int kept;
  private int stride;
  private double sum;
  private double squares;
  private double logSum;
  private double logSquares;

  private int overtaking;
  private double overtaken;
  private double overtakenSquares;
  private double beside;

  private boolean opened;
  private long openedNanos;
  private long servedBefore;
  private long closedNanos;
  private long served;

  /// Begins anew; what is known of it stays until it is said again.
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
    kept = 0;
    stride = 1;
    sum = 0;
    squares = 0;
    logSum = 0;
    logSquares = 0;
    overtaking = 0;
    overtaken = 0;
    overtakenSquares = 0;
    beside = 0;
    opened = false;
    served = 0;
  }

  /// Says what is known of it as it begins.
  ///
  /// @param below whether its level is one that is only looked at, below the usual
  /// @param variation the variance of the logarithm of the time held, as far as it is known
  void expect(boolean below, double variation) {
    isBelow = below;
    expected = variation;
  }

  int level() {
    return level;
  }

  boolean isBelow() {
    return isBelow;
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

  void end(long dispatchedNanos, long heldNanos, Ending ending) {
    ended++;
    if (ending.isLate()) {
      late++;
    }
    dispatchedSumNanos -= dispatchedNanos - startedNanos;
    if (ending.isTimed()) {
      sampled++;
      keep((double) heldNanos);
      sum += (double) heldNanos;
      squares += (double) heldNanos * heldNanos;
      double log = Math.log((double) Math.max(1, heldNanos));
      logSum += log;
      logSquares += log * log;
    }
  }

  /// Notes whom one that ended has overtaken.
  ///
  /// @param count how many of them
  /// @param others how many were outstanding beside it
  void overtook(int count, int others) {
    overtaking++;
    overtaken += count;
    overtakenSquares += (double) count * count;
    beside += others;
  }

  /// Gives how many have been overtaken by those that ended, together.
  double overtaken() {
    return overtaken;
  }

  /// Gives how many one that ended has overtaken, in the mean.
  double meanOvertaken() {
    return overtaken / Math.max(1, overtaking);
  }

  /// Gives the variance of the logarithm of [#meanOvertaken], of which something must be known.
  double overtakenNoise() {
    double mean = meanOvertaken();
    double variance = Math.max(mean, overtakenSquares / overtaking - mean * mean);
    return (1 + 2.0 / overtaking) * variance / (mean * mean * overtaking);
  }

  /// Gives how many were outstanding beside those that ended, together.
  double beside() {
    return beside;
  }

  /// Keeps every so many, evenly over the order in which they ended: the last to end are the
  /// longest.
  private void keep(double sample) {
    if ((sampled - 1) % stride != 0) {
      return;
    }
    if (kept == SAMPLES) {
      kept = SAMPLES / 2;
      stride *= 2;
      for (int i = 0; i < kept; i++) {
        samples[i] = samples[2 * i];
      }
      if ((sampled - 1) % stride != 0) {
        return;
      }
    }
    samples[kept++] = sample;
  }

  /// Copies the samples that were kept, and gives how many there are.
  int copySamples(double[] to) {
    System.arraycopy(samples, 0, to, 0, kept);
    return kept;
  }

  /// Begins the window of time in which throughput is measured, unless it has begun. It begins and
  /// ends with an end.
  ///
  /// @param servedSoFar how many this backend has served
  void openWindow(long servedSoFar, long nowNanos) {
    if (!opened) {
      opened = true;
      openedNanos = nowNanos;
      servedBefore = servedSoFar;
    }
  }

  /// Ends the window.
  void closeWindow(long servedSoFar, long nowNanos) {
    closedNanos = nowNanos;
    served = opened ? servedSoFar - servedBefore : 0;
  }

  /// Tells whether enough was served in the window to go by.
  boolean hasWindow() {
    return served >= WINDOW_MIN && closedNanos > openedNanos;
  }

  /// Gives how many were served in the window.
  long served() {
    return served;
  }

  /// Gives the throughput in the window, in requests per nanosecond.
  double perNano() {
    return (double) served / (closedNanos - openedNanos);
  }

  /// Gives the mean number in flight that the dispatches of this phase met, themselves included.
  double inFlight() {
    return inFlightSum / Math.max(1, dispatched);
  }

  long endedBefore() {
    return endedBefore;
  }

  /// Gives the share of what has ended that ended too late.
  double lateShare() {
    return (double) late / Math.max(1, ended);
  }

  /// Gives the variance of the time held, in square nanoseconds.
  double variance() {
    double mean = sum / Math.max(1, sampled);
    return Math.max(0, squares / Math.max(1, sampled) - mean * mean);
  }

  /// Gives the squared coefficient of variation of the time held.
  double scatter() {
    double mean = sum / Math.max(1, sampled);
    return variance() / Math.max(1, mean * mean);
  }

  /// Gives the mean of the logarithm of the time held; what is outstanding counts with
  /// its age, or as longer than what has ended where it is young.
  double logHeld(long nowNanos) {
    double mean = logSum / Math.max(1, sampled);
    int outstanding = outstanding();
    if (outstanding == 0) {
      return mean;
    }
    double spread = Math.sqrt(Math.max(0, logSquares / Math.max(1, sampled) - mean * mean));
    double expected =
        Math.max(mean + Math.max(LONGER_MIN, LONGER * spread), logAge(outstanding, nowNanos));
    return (logSum + outstanding * expected) / (sampled + outstanding);
  }

  /// Gives the least that [#logHeld] can come to: what is outstanding counts with its age.
  double logHeldAtLeast(long nowNanos) {
    int outstanding = outstanding();
    return outstanding == 0
        ? logHeld(nowNanos)
        : (logSum + outstanding * logAge(outstanding, nowNanos)) / (sampled + outstanding);
  }

  private double logAge(int outstanding, long nowNanos) {
    double age = (double) (nowNanos - startedNanos) - (double) dispatchedSumNanos / outstanding;
    return Math.log(Math.max(1, age));
  }

  /// Gives the variance of the logarithm of the time held. Few samples seem more alike than they
  /// are: some of what was expected is mixed in.
  double logVariation() {
    return (squaresOff() + PRIOR_SAMPLES * expected) / (sampled + PRIOR_SAMPLES);
  }

  /// Gives the sum of the squares by which the logarithms of the times held are off their mean.
  double squaresOff() {
    double mean = logSum / Math.max(1, sampled);
    return Math.max(0, logSquares - sampled * mean * mean);
  }

  /// Gives the variance of [#logHeld]. Of few samples the variation itself is hardly known, and
  /// what is outstanding is a guess.
  double logNoise() {
    double few = (1 + 2.0 / Math.max(1, sampled)) / Math.max(1, sampled);
    double open = (double) outstanding() / Math.max(1, dispatched);
    return logVariation() * (few + GUESSED * open * open) + 0.0001;
  }
}
