package triage.admission;

/// What a request takes at a backend where nothing waits: the reference that [TunedLimit] measures
/// waiting against.
///
/// Times are compared by the mean of their logarithm, which a few long requests do not move. For a
/// queue in order of arrival everybody waits the same, whatever the work, so that some samples
/// without waiting tell what a wait does to that mean, and so how long the wait is.
///
/// The reference is anchored where a phase was seen without waiting. Between anchors it follows
/// what the pairs say in little steps, and not far, so that it cannot drift.
///
/// **Units**: nanoseconds; logarithms are natural, of nanoseconds.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class FreeTime {
  /// How far the reference may follow the pairs below and above its anchor.
  private static final double LOWER_MAX = 0.3;

  private static final double HIGHER_MAX = 0.15;

  /// What counts as a work that has become slower.
  private static final double SLOWER = Math.log(1.5);

  /// How many standard errors make it sure that it is wrong.
  private static final double SURE = 2;

  private static final double NOISE_MIN = 0.0002;
  private static final double NOISE_PER_PHASE = 0.0004;
  private static final int HALVINGS = 24;

  private double log;
  private double anchorLog;
  private double noise;
  private final double[] samples = new double[Phase.SAMPLES];
  private int count;
  private double meanNanos;

  boolean isKnown() {
    return count > 0;
  }

  /// Gives by how much the mean logarithm of a time exceeds the one without waiting.
  double excess(double logHeld) {
    return logHeld - log;
  }

  /// Gives the variance of the reference.
  double noise() {
    return noise;
  }

  /// Tells whether a time is so much above the anchor that the work may have become slower.
  boolean isSlower(double logHeld) {
    return logHeld > anchorLog + SLOWER;
  }

  /// Tells whether a phase in which some have waited was surely faster all the same.
  boolean isTooHighFor(Phase waited, long nowNanos) {
    return excess(waited.logHeld(nowNanos)) < -SURE * Math.sqrt(waited.logNoise() + noise);
  }

  /// Gives the mean time without waiting, in nanoseconds.
  double meanNanos() {
    return meanNanos;
  }

  /// Takes a phase without waiting into account: pooled with what was known, unless it differs so
  /// much that the work itself must have changed.
  void remember(Phase free, long nowNanos) {
    double seen = free.logNoise();
    double off = free.logHeld(nowNanos) - log;
    boolean pooled = count > 0 && off * off <= 9 * (noise + seen);
    double gain = pooled ? noise / (noise + seen) : 1;
    log += gain * off;
    anchorLog = log;
    noise = Math.max(NOISE_MIN, pooled ? (1 - gain) * noise : seen) + NOISE_PER_PHASE;
    if (free.sampled() >= Math.min(Phase.SAMPLES, count) / 2) {
      count = free.copySamples(samples);
      double sum = 0;
      for (int i = 0; i < count; i++) {
        sum += samples[i];
      }
      meanNanos = sum / count;
    }
  }

  /// Corrects the reference, as far as its anchor lets it.
  void follow(double correction) {
    log = Math.clamp(log + correction, anchorLog - LOWER_MAX, anchorLog + HIGHER_MAX);
  }

  /// Takes the reference back towards its anchor.
  ///
  /// @param share of the way
  void goBack(double share) {
    log += share * (anchorLog - log);
  }

  /// Gives how long requests have waited at the backend whose mean logarithm exceeds the reference
  /// by so much.
  double waitedNanos(double excess) {
    double low = 0;
    double high = meanNanos * Math.exp(Math.max(0, excess)) * 2;
    for (int i = 0; i < HALVINGS; i++) {
      double middle = 0.5 * (low + high);
      if (rise(middle) < excess) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /// Gives by how much a wait raises the mean logarithm.
  double rise(double waitedNanos) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += Math.log1p(waitedNanos / Math.max(1, samples[i]));
    }
    return sum / count;
  }
}
