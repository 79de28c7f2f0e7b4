package triage.pressure;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;

/// The CPU time of this process and of those it has started, PostgreSQL above all: what our callers
/// cause.
///
/// The others are looked at once a second only, since each is a file to read.
///
/// **Threads**: confined to one thread.
final class OwnTime {
  private static final long LOOK_NANOS = 1_000_000_000L;

  private final Map<Long, Long> lastOfOthers = new HashMap<>();
  private long sumOfOthers;
  private long lookedNanos;

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

  /// Adds what each has grown by: one that has ended takes nothing away.
  private void lookAtOthers() {
    Map<Long, Long> now = new HashMap<>();
    ProcessHandle.current()
        .descendants()
        .forEach(process ->
            process
                .info()
                .totalCpuDuration()
                .map(Duration::toNanos)
                .ifPresent(nanos -> now.put(process.pid(), nanos)));
    now.forEach(
        (pid, nanos) -> sumOfOthers += Math.max(0, nanos - lastOfOthers.getOrDefault(pid, nanos)));
    lastOfOthers.clear();
    lastOfOthers.putAll(now);
  }
}
