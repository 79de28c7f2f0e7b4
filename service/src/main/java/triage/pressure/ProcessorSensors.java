package triage.pressure;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/// What the kernel says about the CPUs: usage, throttling and stalls, of the control group where
/// there is one, else of the machine.
///
/// The group and its quota are looked up anew each minute: both may change while we run.
///
/// **Threads**: confined to one thread.
final class ProcessorSensors {
  private static final long LOOK_UP_NANOS = 60_000_000_000L;
  private static final double NANOS_PER_MICRO = 1e3;

  /// Linux shows a hundred ticks a second, whatever it counts in.
  private static final long NANOS_PER_TICK = 10_000_000;

  private final SystemFolders folders;
  private final int processors;
  private final Counter used = new Counter();
  private final Counter usedForShare = new Counter();
  private final Counter busy = new Counter();
  private final Counter all = new Counter();
  private final Counter throttled = new Counter();
  private final Counter stalled = new Counter();
  private Optional<ControlGroup> group;
  private OptionalDouble quota;
  private long lookedUpNanos;

  /// Makes the sensors and takes the readings that the first rates start from.
  ///
  /// @param processors CPUs that this process may use
  ProcessorSensors(SystemFolders folders, int processors, long nowNanos) {
    this.folders = folders;
    this.processors = processors;
    this.group = ControlGroup.find(folders);
    this.quota = group.map(ControlGroup::quotaProcessors).orElse(OptionalDouble.empty());
    this.lookedUpNanos = nowNanos;
    var _ = usage(nowNanos);
    var _ = inUse(nowNanos);
    var _ = throttling(nowNanos);
    var _ = stall(nowNanos);
  }

  /// Gives [Signal#CPU_USAGE].
  OptionalDouble usage(long nowNanos) {
    lookUp(nowNanos);
    if (group.isEmpty()) {
      return machineUsage(nowNanos);
    }
    OptionalDouble rate = used.rate(group.get().usedNanos(), nowNanos);
    return over(rate, Math.min(quota.orElse(processors), processors));
  }

  /// Gives how many CPUs are in use where this process could run short of them: in the control
  /// group with a quota, else on the machine.
  OptionalDouble inUse(long nowNanos) {
    lookUp(nowNanos);
    if (group.isPresent() && quota.isPresent()) {
      return usedForShare.rate(group.get().usedNanos(), nowNanos);
    }
    OptionalLong ticks = machineTicks(true);
    return usedForShare.rate(
        ticks.isPresent()
            ? OptionalLong.of(ticks.getAsLong() * NANOS_PER_TICK)
            : OptionalLong.empty(),
        nowNanos);
  }

  /// Gives [Signal#CPU_THROTTLED].
  OptionalDouble throttling(long nowNanos) {
    lookUp(nowNanos);
    OptionalLong sum =
        group.isPresent() && quota.isPresent()
            ? group.get().throttledNanos()
            : OptionalLong.empty();
    return throttled.rate(sum, nowNanos);
  }

  /// Gives [Signal#CPU_STALL].
  OptionalDouble stall(long nowNanos) {
    lookUp(nowNanos);
    KernelFile file =
        group
            .flatMap(ControlGroup::stall)
            .orElseGet(() -> new KernelFile(folders.proc().resolve("pressure/cpu")));
    OptionalDouble rate = stalled.rate(someStallMicros(file), nowNanos);
    return rate.isPresent()
        ? OptionalDouble.of(rate.getAsDouble() * NANOS_PER_MICRO)
        : OptionalDouble.empty();
  }

  /// Gives a line for the log: which group and quota were found.
  String describe() {
    return "cgroup="
        + group.map(ControlGroup::label).orElse("none")
        + " quotaProcessors="
        + (quota.isPresent() ? quota.getAsDouble() : "none");
  }

  private void lookUp(long nowNanos) {
    if (nowNanos - lookedUpNanos < LOOK_UP_NANOS) {
      return;
    }
    lookedUpNanos = nowNanos;
    group = ControlGroup.find(folders);
    quota = group.map(ControlGroup::quotaProcessors).orElse(OptionalDouble.empty());
  }

  /// Reads the line `some avg10=0.00 avg60=0.00 avg300=0.00 total=123`. The averages are too slow.
  private static OptionalLong someStallMicros(KernelFile file) {
    return file.text()
        .flatMap(text -> text.lines().filter(line -> line.startsWith("some ")).findFirst())
        .map(line -> {
          int total = line.indexOf("total=");
          return total < 0
              ? OptionalLong.empty()
              : KernelFile.parse(line.substring(total + "total=".length()).strip());
        })
        .orElse(OptionalLong.empty());
  }

  private OptionalDouble machineUsage(long nowNanos) {
    OptionalDouble whole = all.rate(machineTicks(false), nowNanos);
    OptionalDouble part = busy.rate(machineTicks(true), nowNanos);
    return part.isPresent() && whole.isPresent() && whole.getAsDouble() > 0
        ? OptionalDouble.of(part.getAsDouble() / whole.getAsDouble())
        : OptionalDouble.empty();
  }

  /// Reads the line `cpu user nice system idle iowait irq softirq steal guest guest_nice` in ticks;
  /// the guests' are in `user` already.
  ///
  /// @param busyOnly whether idle time is left out
  private OptionalLong machineTicks(boolean busyOnly) {
    String[] words =
        new KernelFile(folders.proc().resolve("stat"))
            .text()
            .flatMap(text -> text.lines().filter(line -> line.startsWith("cpu ")).findFirst())
            .map(line -> line.strip().split(" +", -1))
            .orElse(new String[0]);
    long sum = 0;
    for (int i = 1; i < Math.min(words.length, 9); i++) {
      OptionalLong ticks = KernelFile.parse(words[i]);
      if (ticks.isEmpty()) {
        return OptionalLong.empty();
      }
      sum += busyOnly && (i == 4 || i == 5) ? 0 : ticks.getAsLong();
    }
    return words.length >= 6 ? OptionalLong.of(sum) : OptionalLong.empty();
  }

  private static OptionalDouble over(OptionalDouble value, double divisor) {
    return value.isPresent()
        ? OptionalDouble.of(value.getAsDouble() / divisor)
        : OptionalDouble.empty();
  }
}
