package triage.gateway;

import java.util.concurrent.atomic.AtomicLong;

/// The seconds a refused caller is told to wait: the estimate, rounded up, plus up to half of it,
/// so that callers who were refused together do not come back together.
///
/// **Threads**: safe for use by several threads.
public final class RetryAfter {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;
  private static final long SECONDS_MAX = 60;

  private final AtomicLong state;

  /// Makes a source of delays.
  ///
  /// @param seed of the spread
  public RetryAfter(long seed) {
    this.state = new AtomicLong(seed);
  }

  /// Gives the value of a Retry-After header.
  ///
  /// @param estimateNanos when a new try is likely to pass
  /// @return whole seconds, 1 to 90
  public long seconds(long estimateNanos) {
    long boundedNanos = Math.clamp(estimateNanos, 0, SECONDS_MAX * NANOS_PER_SECOND);
    long seconds = Math.max(1, Math.ceilDiv(boundedNanos, NANOS_PER_SECOND));
    long spread = Math.max(1, seconds / 2) + 1;
    return seconds + Math.floorMod(mix(state.incrementAndGet()), spread);
  }

  /// **Source**: the finaliser of SplitMix64 (Steele, Lea, Flood, 2014).
  private static long mix(long value) {
    long z = value * 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
