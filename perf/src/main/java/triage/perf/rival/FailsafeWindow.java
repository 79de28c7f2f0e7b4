package triage.perf.rival;

import java.util.Arrays;

/// The response times of one window of failsafe-go's limiter, and of each window its 90th
/// percentile smoothed over the last ones.
///
/// Windows' percentiles go through a median of five and a moving average of age five. The
/// percentile is exact and interpolated between neighbours; failsafe-go's comes from a t-digest of
/// compression 100, which is nearly that.
///
/// **Source**: overload-control section 2.4; failsafe-go/failsafe-go,
/// `adaptivelimiter/adaptivelimiter.go`, `internal/util/median.go`.
///
/// **Threads**: confined to one.
final class FailsafeWindow {
  private static final double QUANTILE = 0.9;
  private static final int MEDIAN_OF = 5;

  private final double[] recent = new double[MEDIAN_OF];
  private final double[] sorted = new double[MEDIAN_OF];
  private final MovingAverage smoothed = new MovingAverage(5);
  private int windows;
  private long[] times = new long[1_024];
  private int size;
  private long least = Long.MAX_VALUE;
  private int inFlightMost;

  /// Adds one response: its time, and how many were in flight when it was dispatched.
  void add(long timeNanos, int inFlight) {
    if (size == times.length) {
      times = Arrays.copyOf(times, size * 2);
    }
    times[size++] = timeNanos;
    least = Math.min(least, timeNanos);
    inFlightMost = Math.max(inFlightMost, inFlight);
  }

  /// How many responses the window holds.
  int size() {
    return size;
  }

  /// The least of its times, in nanoseconds.
  long leastNanos() {
    return least;
  }

  /// The most that were in flight.
  int inFlightMost() {
    return inFlightMost;
  }

  /// Gives the smoothed percentile with this window, in nanoseconds.
  double smooth() {
    return smoothed.add(median(quantile()));
  }

  /// Begins the next window.
  void clear() {
    size = 0;
    least = Long.MAX_VALUE;
    inFlightMost = 0;
  }

  private double quantile() {
    Arrays.sort(times, 0, size);
    double position = Math.clamp(QUANTILE * size - 0.5, 0, size - 1);
    int lower = (int) position;
    int upper = Math.min(lower + 1, size - 1);
    return times[lower] + (times[upper] - times[lower]) * (position - lower);
  }

  private double median(double newest) {
    recent[windows++ % MEDIAN_OF] = newest;
    if (windows < MEDIAN_OF) {
      return newest;
    }
    System.arraycopy(recent, 0, sorted, 0, MEDIAN_OF);
    Arrays.sort(sorted);
    return sorted[MEDIAN_OF / 2];
  }
}
