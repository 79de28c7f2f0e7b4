package triage.perf.rival;

import java.util.Arrays;

/// Latencies counted to two significant digits, as Envoy's histogram library does.
///
/// Ninety bins for each power of ten; a quantile is interpolated inside its bin, so that many
/// samples of exactly 13 ms have a median of 13.5 ms. That is how Envoy sees them.
///
/// **Units**: whole microseconds, 0 to 10^9.
///
/// **Source**: our own code for the rule of openhistogram/libcircllhist.
///
/// **Threads**: confined to one.
final class EnvoyHistogram {
  private static final int BINS_PER_DECADE = 90;
  private static final int DECADES = 9;
  private static final long VALUE_MAX = 999_999_999;

  /// Bin 0 is for the value 0.
  private final int[] bins = new int[1 + DECADES * BINS_PER_DECADE];

  private int count;
  private int lowest = bins.length;
  private int highest = -1;

  /// Counts one latency.
  void add(long micros) {
    int bin = binOf(Math.min(micros, VALUE_MAX));
    bins[bin]++;
    count++;
    lowest = Math.min(lowest, bin);
    highest = Math.max(highest, bin);
  }

  /// How many were counted since the last clearing.
  int count() {
    return count;
  }

  /// Forgets all.
  void clear() {
    if (count > 0) {
      Arrays.fill(bins, lowest, highest + 1, 0);
    }
    count = 0;
    lowest = bins.length;
    highest = -1;
  }

  /// The latency below which that part of the samples lies; there must be one.
  double quantile(double part) {
    double wanted = part * count;
    double below = 0;
    int bin = lowest;
    while (bin < highest && below + bins[bin] < wanted) {
      below += bins[bin++];
    }
    return left(bin) + width(bin) * (wanted - below) / bins[bin];
  }

  private static int binOf(long micros) {
    if (micros <= 0) {
      return 0;
    }
    int decade = 0;
    long scale = 1;
    while (micros >= scale * 10) {
      scale *= 10;
      decade++;
    }
    int digits = (int) (micros * 10 / scale);
    return 1 + decade * BINS_PER_DECADE + digits - 10;
  }

  private static double width(int bin) {
    return bin == 0 ? 0 : Math.pow(10, (bin - 1) / BINS_PER_DECADE - 1);
  }

  private static double left(int bin) {
    return bin == 0 ? 0 : ((bin - 1) % BINS_PER_DECADE + 10) * width(bin);
  }
}
