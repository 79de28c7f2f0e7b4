package triage.pressure;

import java.lang.management.GarbageCollectorMXBean;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/// The share of time in which collections stopped the program, over about the last second.
///
/// Collectors that work beside the program (`ZGC ... Cycles`, `G1 Concurrent GC`) do not count.
///
/// **Threads**: confined to one thread.
final class CollectionShare implements Sensor {
  private static final double NANOS_PER_MILLI = 1e6;
  private static final double CONSTANT_NANOS = 1e9;

  private final List<GarbageCollectorMXBean> pausing;
  private final Counter millis = new Counter();
  private double share;
  private long lastNanos;

  /// Makes a sensor that starts from what was spent so far.
  CollectionShare(List<GarbageCollectorMXBean> collectors, long nowNanos) {
    this.pausing = collectors.stream().filter(collector -> stops(collector.getName())).toList();
    this.lastNanos = nowNanos;
    var _ = millis.rate(spentMillis(), nowNanos);
  }

  private static boolean stops(String collector) {
    return !collector.endsWith("Cycles") && !collector.contains("Concurrent");
  }

  @Override
  public OptionalDouble read(long nowNanos) {
    OptionalDouble rate = millis.rate(spentMillis(), nowNanos);
    if (rate.isEmpty()) {
      return OptionalDouble.empty();
    }
    // A pause is booked when it ends, all at once: smoothed, one of 100 ms is a tenth of a second.
    double weight = -Math.expm1(-(nowNanos - lastNanos) / CONSTANT_NANOS);
    lastNanos = nowNanos;
    share += (rate.getAsDouble() * NANOS_PER_MILLI - share) * weight;
    return OptionalDouble.of(share);
  }

  private OptionalLong spentMillis() {
    if (pausing.isEmpty()) {
      return OptionalLong.empty();
    }
    long sum = 0;
    for (GarbageCollectorMXBean collector : pausing) {
      long spent = collector.getCollectionTime();
      if (spent < 0) {
        return OptionalLong.empty();
      }
      sum += spent;
    }
    return OptionalLong.of(sum);
  }
}
