package triage.simulation;

/// Times counted in steps of 0.2 %, from a microsecond to a day.
///
/// **Threads**: confined to its simulation.
final class Latencies {
  private static final double LEAST = 1e-6;
  private static final double STEP = StrictMath.log(1.002);

  private final int[] counts = new int[12_700];
  private long count;

  void add(long nanos) {
    double steps = StrictMath.log(Math.max(LEAST, nanos / 1e9) / LEAST) / STEP;
    counts[(int) Math.min(counts.length - 1, steps)]++;
    count++;
  }

  /// Gives a quantile in seconds; not a number if there are none.
  double quantile(double quantile) {
    long wanted = (long) Math.ceil(quantile * count);
    long seen = 0;
    for (int i = 0; i < counts.length; i++) {
      seen += counts[i];
      if (seen >= wanted && seen > 0) {
        return LEAST * StrictMath.exp((i + 1) * STEP);
      }
    }
    return Double.NaN;
  }
}
