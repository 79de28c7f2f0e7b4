package triage.gateway;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.time.MonotonicClock;

/// The look-out for slow callers: every connection, and every exchange that waits for its caller,
/// is looked at four times a second, and given up when its time is over.
///
/// One look at all costs less than a timer for each: what goes at a good pace only writes down
/// when its next step is due, and an exchange that never waits is not even known here.
///
/// **Threads**: safe for use by several threads. What is given up ends on threads of the executor.
public final class Pacer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Pacer.class);
  private static final Duration LOOK = Duration.ofMillis(250);

  private final PaceSettings pace;
  private final ConnectionSettings connections;
  private final MonotonicClock clock;
  private final Executor executor;
  private final Set<Paced> watched = ConcurrentHashMap.newKeySet();
  private final Map<Slowness, LongAdder> slow = new EnumMap<>(Slowness.class);
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("pacer").daemon().factory());

  /// What is looked at.
  interface Paced {
    /// Gives up whatever should have happened by now.
    void check(long nowNanos);
  }

  /// Makes a look-out; nobody looks before [#start()].
  ///
  /// @param executor runs the end of what is given up, which may block
  public Pacer(
      PaceSettings pace, ConnectionSettings connections, MonotonicClock clock, Executor executor) {
    this.pace = pace;
    this.connections = connections;
    this.clock = clock;
    this.executor = executor;
    for (Slowness slowness : Slowness.values()) {
      slow.put(slowness, new LongAdder());
    }
  }

  /// Gives a look-out with the default settings at which nobody looks.
  static Pacer idle() {
    return new Pacer(
        PaceSettings.DEFAULTS, ConnectionSettings.DEFAULTS, MonotonicClock.system(), Runnable::run);
  }

  /// Begins to look.
  public void start() {
    long nanos = LOOK.toNanos();
    var _ = timer.scheduleWithFixedDelay(this::check, nanos, nanos, TimeUnit.NANOSECONDS);
  }

  /// Gives how many callers were given up for this.
  public long slow(Slowness slowness) {
    return count(slowness).sum();
  }

  PaceSettings pace() {
    return pace;
  }

  ConnectionSettings connections() {
    return connections;
  }

  /// Gives the longest that any endpoint may go without a byte, which Jetty sees to: more than all
  /// that is looked after here.
  long endPointIdleMillis() {
    long longest = Math.max(pace.longestNanos(), connections.headerTimeout().toNanos());
    return TimeUnit.NANOSECONDS.toMillis(longest) + 2 * LOOK.toMillis();
  }

  long nanos() {
    return clock.nanos();
  }

  void add(Paced paced) {
    watched.add(paced);
  }

  void remove(Paced paced) {
    watched.remove(paced);
  }

  /// Gives how many are looked at.
  int watched() {
    return watched.size();
  }

  /// Counts a caller that is given up, and ends what waits for it.
  void giveUp(Slowness slowness, Runnable end) {
    count(slowness).increment();
    executor.execute(end);
  }

  /// Ends what nobody is to blame for: a connection that nobody uses any more.
  void end(Runnable end) {
    executor.execute(end);
  }

  private LongAdder count(Slowness slowness) {
    LongAdder adder = slow.get(slowness);
    if (adder == null) {
      throw new IllegalStateException("not counted: " + slowness);
    }
    return adder;
  }

  /// Looks at all once.
  void check() {
    long nowNanos = clock.nanos();
    for (Paced paced : watched) {
      try {
        paced.check(nowNanos);
      } catch (RuntimeException e) {
        LOG.error("event=pace-check-failed", e);
      }
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
