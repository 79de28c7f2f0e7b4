package triage.pressure;

import java.lang.management.GarbageCollectorMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/// The share of time in which collections stopped the program: over the last second or over the
/// last half, whichever is less.
///
/// A pause is booked when it ends, all at once: over a second, one of 100 ms is a tenth. The half
/// forgets a storm that is over sooner than the second does.
///
/// Collectors that work beside the program (`ZGC ... Cycles`, `G1 Concurrent GC`) do not count.
///
/// **Threads**: confined to one thread.
final class CollectionShare implements Sensor {
  private static final double NANOS_PER_MILLI = 1e6;
  private static final long LONG_NANOS = 1_000_000_000L;
  private static final long SHORT_NANOS = 500_000_000L;

  /// Readings that come closer than this, after a stall of the reader, are not kept.
  private static final long APART_NANOS = 50_000_000L;

  /// What was spent by when.
  private record Mark(long nanos, long spentMillis) {}

  private final List<GarbageCollectorMXBean> pausing;

  /// At least one second's, the oldest first.
  private final List<Mark> marks = new ArrayList<>();

  /// Makes a sensor that starts from what was spent so far.
  CollectionShare(List<GarbageCollectorMXBean> collectors, long nowNanos) {
    this.pausing = collectors.stream().filter(collector -> stops(collector.getName())).toList();
    spentMillis().ifPresent(spent -> marks.add(new Mark(nowNanos, spent)));
  }

  private static boolean stops(String collector) {
    return !collector.endsWith("Cycles") && !collector.contains("Concurrent");
  }

  @Override
  public OptionalDouble read(long nowNanos) {
    OptionalLong spent = spentMillis();
    if (spent.isEmpty()) {
      marks.clear();
      return OptionalDouble.empty();
    }
    Mark now = new Mark(nowNanos, spent.getAsLong());
    OptionalDouble share =
        marks.isEmpty()
            ? OptionalDouble.empty()
            : OptionalDouble.of(Math.min(share(now, LONG_NANOS), share(now, SHORT_NANOS)));
    if (marks.isEmpty() || nowNanos - marks.getLast().nanos() >= APART_NANOS) {
      marks.add(now);
    }
    while (marks.size() > 1 && nowNanos - marks.get(1).nanos() >= LONG_NANOS) {
      marks.removeFirst();
    }
    return share;
  }

  /// Gives the share since the last mark that is as old as `nanos`. Before there is one, what was
  /// spent counts as a part of `nanos` all the same: one pause is no storm.
  private double share(Mark now, long nanos) {
    Mark since = marks.getFirst();
    for (Mark mark : marks) {
      if (now.nanos() - mark.nanos() >= nanos) {
        since = mark;
      }
    }
    long passed = Math.max(nanos, now.nanos() - since.nanos());
    return Math.min(1, (now.spentMillis() - since.spentMillis()) * NANOS_PER_MILLI / passed);
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
