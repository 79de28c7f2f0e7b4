package triage.pressure;

import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.util.List;
import java.util.OptionalDouble;

/// What the last collection left in the heap, as a share of its largest size. Absent before the
/// first collection: what is in use between two of them says nothing.
///
/// **Threads**: confined to one thread.
final class HeapAfterCollection implements Sensor {
  private final List<MemoryPoolMXBean> pools;
  private final long bytesMax;

  /// Makes a sensor.
  ///
  /// @param bytesMax the largest size of the heap
  HeapAfterCollection(List<MemoryPoolMXBean> pools, long bytesMax) {
    this.pools = pools.stream().filter(pool -> pool.getType() == MemoryType.HEAP).toList();
    this.bytesMax = bytesMax;
  }

  @Override
  public OptionalDouble read(long nowNanos) {
    long left = 0;
    for (MemoryPoolMXBean pool : pools) {
      MemoryUsage usage = pool.getCollectionUsage();
      left += usage == null ? 0 : usage.getUsed();
    }
    return left == 0 || bytesMax <= 0
        ? OptionalDouble.empty()
        : OptionalDouble.of((double) left / bytesMax);
  }
}
