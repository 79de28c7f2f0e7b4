package triage.pressure;

import java.lang.management.ManagementFactory;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.time.MonotonicClock;

/// How loaded this process is: reads every sensor each 100 ms and says what fraction of arrivals is
/// to be shed.
///
/// The pressure is the greatest of all signals, each as a share of its set point: whichever
/// resource runs out first decides. Usage counts as more than its set point, and stalls count at
/// all, only while there is a [Shortage]: at a usage of 85 % some task waits most of the time, and
/// single readings of usage are above 90 %. A signal that is absent has no say; which ones are is
/// logged at the start and with every change.
///
/// Where the CPU is what runs short, no more is shed than may help: [Reach].
///
/// **Threads**: one of its own, `pressure`, a daemon; the rest is safe for use by several threads.
public final class Pressure implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Pressure.class);
  private static final long PERIOD_MILLIS = 100;
  private static final long PROBE_MILLIS = 10;

  private final Map<Signal, Sensor> sensors;
  private final @Nullable Lateness startDelay;
  private final String origin;
  private final MonotonicClock clock;
  private final Sensor share;
  private final Shortage shortage = new Shortage();
  private final ShedController controller = new ShedController();
  private final ScheduledThreadPoolExecutor thread =
      new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("pressure").factory());
  private volatile @Nullable Lateness acceptAge;
  private volatile Reading reading = Reading.NONE;
  private @Nullable Set<Signal> present;

  private Pressure(
      Map<Signal, Sensor> sensors,
      Sensor share,
      @Nullable Lateness startDelay,
      String origin,
      MonotonicClock clock) {
    this.sensors = new EnumMap<>(Signal.class);
    this.sensors.putAll(sensors);
    this.share = share;
    this.startDelay = startDelay;
    this.origin = origin;
    this.clock = clock;
  }

  /// Makes the pressure of this process.
  public static Pressure here(MonotonicClock clock) {
    return here(SystemFolders.HERE, clock);
  }

  /// Makes the pressure of this process from what the kernel shows in these folders.
  static Pressure here(SystemFolders folders, MonotonicClock clock) {
    long now = clock.nanos();
    Runtime runtime = Runtime.getRuntime();
    ProcessorSensors cpu = new ProcessorSensors(folders, runtime.availableProcessors(), now);
    Lateness starts = new Lateness(Thread::startVirtualThread, clock);
    Map<Signal, Sensor> sensors = new EnumMap<>(Signal.class);
    sensors.put(Signal.START_DELAY, starts);
    sensors.put(Signal.CPU_USAGE, cpu::usage);
    sensors.put(Signal.CPU_THROTTLED, cpu::throttling);
    sensors.put(Signal.CPU_STALL, cpu::stall);
    sensors.put(
        Signal.GC_SHARE, new CollectionShare(ManagementFactory.getGarbageCollectorMXBeans(), now));
    sensors.put(
        Signal.HEAP,
        new HeapAfterCollection(ManagementFactory.getMemoryPoolMXBeans(), runtime.maxMemory()));
    OwnTime own = new OwnTime(now);
    Reach reach = new Reach();
    Sensor share =
        nowNanos -> {
          reach.update(own.nanos(nowNanos), cpu.inUse(nowNanos), nowNanos);
          return reach.ownShare();
        };
    return new Pressure(sensors, share, starts, cpu.describe(), clock);
  }

  /// Makes a pressure from sensors of one's own: for tests and simulations.
  ///
  /// @param sensors by what they measure; the other signals are absent
  public static Pressure of(Map<Signal, Sensor> sensors, MonotonicClock clock) {
    return of(sensors, _ -> OptionalDouble.empty(), clock);
  }

  /// Makes such a pressure of a process with this part of the CPU in use.
  static Pressure of(Map<Signal, Sensor> sensors, Sensor share, MonotonicClock clock) {
    return new Pressure(sensors, share, null, "given", clock);
  }

  /// Adds the age of what waits at the server's selectors, once the server runs; a sensor of that
  /// age that was given before stays in its place.
  ///
  /// @param selectors runs something on the threads that take new connections and requests
  public void watchSelectors(Executor selectors) {
    acceptAge = new Lateness(selectors, clock);
  }

  /// Starts reading.
  ///
  /// @param listener is given each reading, on the thread `pressure`; must not block
  public void start(Consumer<Reading> listener) {
    var _ =
        thread.scheduleAtFixedRate(this::probe, PROBE_MILLIS, PROBE_MILLIS, TimeUnit.MILLISECONDS);
    // With a delay and not at a rate: readings that make up for lost time would come at once, and
    // tell of no time at all.
    var _ =
        thread.scheduleWithFixedDelay(
            () -> tick(listener), PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
  }

  /// Gives the last reading.
  public Reading reading() {
    return reading;
  }

  /// Reads all sensors once.
  Reading sample(long nowNanos) {
    Map<Signal, Double> found = new EnumMap<>(Signal.class);
    for (Signal signal : Signal.values()) {
      read(signal, nowNanos).ifPresent(value -> found.put(signal, value));
    }
    boolean runsShort = shortage.update(usage(found), nowNanos);
    double greatest = 0;
    double greatestOfOurs = 0;
    for (Map.Entry<Signal, Double> each : found.entrySet()) {
      double part = part(each.getKey(), each.getValue(), runsShort);
      greatest = Math.max(greatest, part);
      greatestOfOurs =
          each.getKey().isOfProcessors() ? greatestOfOurs : Math.max(greatestOfOurs, part);
    }
    OptionalDouble ownShare = share.read(nowNanos);
    // Heap and collections are ours alone.
    double reach = greatestOfOurs > 1 ? ShedController.FRACTION_MAX : Reach.of(ownShare);
    double fraction = controller.update(greatest, reach, nowNanos);
    Reading now = new Reading(found, controller.pressure(), fraction, ownShare, reach);
    tell(now);
    reading = now;
    return now;
  }

  /// Gives a signal as the share of its set point that counts. Where CPU time is known to be left,
  /// tasks that wait for a CPU wait for moments, or are those of others: what that does to us shows
  /// in the start delay.
  private static double part(Signal signal, double value, boolean runsShort) {
    double part = value / signal.setPoint();
    return switch (signal) {
      case CPU_USAGE -> runsShort ? part : Math.min(part, 1);
      case CPU_STALL -> runsShort ? part : 0;
      case START_DELAY, ACCEPT_AGE, CPU_THROTTLED, GC_SHARE, HEAP -> part;
    };
  }

  private static OptionalDouble usage(Map<Signal, Double> found) {
    Double usage = found.get(Signal.CPU_USAGE);
    return usage == null ? OptionalDouble.empty() : OptionalDouble.of(usage);
  }

  private OptionalDouble read(Signal signal, long nowNanos) {
    Sensor sensor = sensors.get(signal);
    if (sensor == null && signal == Signal.ACCEPT_AGE) {
      sensor = acceptAge;
    }
    return sensor == null ? OptionalDouble.empty() : sensor.read(nowNanos);
  }

  private void tell(Reading now) {
    Set<Signal> there = EnumSet.noneOf(Signal.class);
    there.addAll(now.signals().keySet());
    boolean sheds = now.shedFraction() > 0;
    if (sheds != reading.shedFraction() > 0) {
      LOG.info(
          "event=pressure-{} pressure={} signals={}",
          sheds ? "high" : "over",
          now.pressure(),
          now.signals());
    }
    if (there.equals(present)) {
      return;
    }
    Set<Signal> absent = EnumSet.allOf(Signal.class);
    absent.removeAll(there);
    LOG.info("event=pressure-signals present={} absent={} {}", there, absent, origin);
    present = there;
  }

  private void probe() {
    if (startDelay != null) {
      startDelay.probe();
    }
    Lateness selectors = acceptAge;
    if (selectors != null) {
      selectors.probe();
    }
  }

  private void tick(Consumer<Reading> listener) {
    try {
      listener.accept(sample(clock.nanos()));
    } catch (RuntimeException e) {
      // Thrown further, it would end the schedule.
      LOG.error("event=pressure-failed", e);
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
