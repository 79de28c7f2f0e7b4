package triage.pressure;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/// The CPU time of this process and of those it has started, PostgreSQL above all: what our callers
/// cause.
///
/// The others are looked at once a second only, since each is a file to read, and listed once in
/// ten, since that reads of every process of the machine. What one takes before it is listed is not
/// counted.
///
/// **Threads**: confined to one thread.
final class OwnTime {
  private static final long LOOK_NANOS = 1_000_000_000L;
  private static final int LOOKS_PER_LIST = 10;

  private final Map<ProcessHandle, Long> lastOfOthers = new HashMap<>();
  private List<ProcessHandle> others = List.of();
  private long sumOfOthers;
  private long lookedNanos;
  private int looks;

  /// Makes the measure and takes the readings that it starts from.
  OwnTime(long nowNanos) {
    lookedNanos = nowNanos - LOOK_NANOS;
    var _ = nanos(nowNanos);
  }

  /// Gives the CPU time so far, in nanoseconds; nothing where the JVM does not know it.
  OptionalLong nanos(long nowNanos) {
    if (!(ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system)) {
      return OptionalLong.empty();
    }
    long own = system.getProcessCpuTime();
    if (own < 0) {
      return OptionalLong.empty();
    }
    if (nowNanos - lookedNanos >= LOOK_NANOS) {
      lookedNanos = nowNanos;
      lookAtOthers();
    }
    return OptionalLong.of(own + sumOfOthers);
  }

  /// Adds what each has grown by: one that has ended takes nothing away, nor does another that has
  /// got its number since.
  private void lookAtOthers() {
    if (looks++ % LOOKS_PER_LIST == 0) {
      others = ProcessHandle.current().descendants().toList();
      lastOfOthers.keySet().retainAll(Set.copyOf(others));
    }
    for (ProcessHandle other : others) {
      other.info().totalCpuDuration().ifPresent(total -> add(other, total.toNanos()));
    }
  }

  private void add(ProcessHandle other, long nanos) {
    Long last = lastOfOthers.put(other, nanos);
    sumOfOthers += last == null ? 0 : Math.max(0, nanos - last);
  }
}
