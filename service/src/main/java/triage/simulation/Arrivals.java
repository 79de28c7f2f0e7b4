package triage.simulation;

import java.util.Arrays;

/// When requests arrive.
///
/// **Threads**: immutable; what a run has come to is in its [Moments].
@FunctionalInterface
public interface Arrivals {
  /// A rate over time.
  @FunctionalInterface
  interface Rate {
    /// Gives arrivals per second.
    double perSecond(double seconds);
  }

  /// The moments of one run, in order.
  @FunctionalInterface
  interface Moments {
    /// Gives the next moment after `nowNanos`; `Long.MAX_VALUE` if there is none before the end.
    long after(long nowNanos);
  }

  /// Begins a run.
  ///
  /// @param chance of the run
  /// @param endNanos when it ends
  Moments begin(Chance chance, long endNanos);

  /// Gives arrivals that know nothing of each other, at a rate that may change.
  static Arrivals poisson(Rate rate) {
    return (chance, endNanos) -> new PoissonMoments(rate, chance, endNanos);
  }

  /// Gives arrivals at recorded moments, the same in every run. Of several at one moment each comes
  /// a nanosecond after the one before it.
  ///
  /// @param atNanos after 0, in ascending order
  /// @throws IllegalArgumentException if they are not
  static Arrivals recorded(long... atNanos) {
    long[] moments = atNanos.clone();
    long least = 1;
    for (int i = 0; i < moments.length; i++) {
      if (atNanos[i] < (i == 0 ? 1 : atNanos[i - 1])) {
        throw new IllegalArgumentException(
            "arrival " + i + ": " + atNanos[i] + " ns (expected: > 0, not before the last one)");
      }
      moments[i] = Math.max(moments[i], least);
      least = moments[i] + 1;
    }
    return (chance, endNanos) ->
        now -> {
          int found = Arrays.binarySearch(moments, now + 1);
          int next = found >= 0 ? found : -found - 1;
          return next < moments.length && moments[next] < endNanos ? moments[next] : Long.MAX_VALUE;
        };
  }
}
