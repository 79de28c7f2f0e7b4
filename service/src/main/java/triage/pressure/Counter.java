package triage.pressure;

import java.util.OptionalDouble;
import java.util.OptionalLong;

/// Turns readings of a sum that only grows into its growth per nanosecond.
///
/// **Threads**: confined to one thread.
final class Counter {
  private long last;
  private long lastNanos;
  private boolean begun;

  /// Gives the growth per nanosecond since the reading before, or nothing where one of the two is
  /// missing or the sum has begun anew.
  OptionalDouble rate(OptionalLong sum, long nowNanos) {
    if (sum.isEmpty()) {
      begun = false;
      return OptionalDouble.empty();
    }
    long grown = sum.getAsLong() - last;
    long passed = nowNanos - lastNanos;
    boolean known = begun && grown >= 0 && passed > 0;
    begun = true;
    last = sum.getAsLong();
    lastNanos = nowNanos;
    return known ? OptionalDouble.of((double) grown / passed) : OptionalDouble.empty();
  }
}
