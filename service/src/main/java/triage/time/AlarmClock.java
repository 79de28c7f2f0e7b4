package triage.time;

import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A clock that threads can have wake them: for waits that nearly always end before their time.
///
/// A virtual thread that parks for a time has the JVM set a timer, and unset it when it is woken
/// early; each of the two wakes the JVM's thread for timers, which together was a fifteenth of what
/// a proxied request cost. Here the time is only written down. The one thread that looks after all
/// is woken for a time that is earlier than all others, which is rare where they are much alike.
///
/// **Threads**: safe for use by several threads; one of its own, `alarm-clock`, a daemon.
public final class AlarmClock implements MonotonicClock, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AlarmClock.class);

  /// Some 73 years: sums of it with any reading can still be compared.
  private static final long FAR_NANOS = Long.MAX_VALUE / 4;

  /// Until the next look after one that has failed.
  private static final long AFTER_FAILURE_NANOS = 10_000_000L;

  private final MonotonicClock clock;
  private final ConcurrentSkipListSet<Sleeper> sleepers = new ConcurrentSkipListSet<>();
  private final Thread thread =
      Thread.ofPlatform().daemon().name("alarm-clock").unstarted(this::watch);

  /// Until when the thread sleeps. Who comes to stand before that wakes it.
  private volatile long nextNanos;

  private volatile boolean closed;

  /// A thread that waits; it waits for one thing at a time.
  private record Sleeper(Thread thread, long dueNanos) implements Comparable<Sleeper> {
    @Override
    public int compareTo(Sleeper other) {
      int order = Long.signum(dueNanos - other.dueNanos);
      return order == 0 ? Long.compare(thread.threadId(), other.thread.threadId()) : order;
    }
  }

  /// Makes an alarm clock that nobody watches.
  AlarmClock(MonotonicClock clock) {
    this.clock = clock;
    this.nextNanos = clock.nanos() + FAR_NANOS;
  }

  /// Gives the clock of this machine, and has it watched.
  public static AlarmClock system() {
    return watched(MonotonicClock.system());
  }

  /// Gives a clock by which whoever waits is woken.
  static AlarmClock watched(MonotonicClock clock) {
    AlarmClock made = new AlarmClock(clock);
    made.thread.start();
    return made;
  }

  @Override
  public long nanos() {
    return clock.nanos();
  }

  /// Parks the current thread as `LockSupport.parkNanos` does: until it is unparked,
  /// for so long, or for no reason.
  public void parkNanos(Object blocker, long nanos) {
    if (nanos <= 0) {
      return;
    }
    long dueNanos = nanos() + Math.min(nanos, FAR_NANOS);
    Sleeper sleeper = new Sleeper(Thread.currentThread(), dueNanos);
    sleepers.add(sleeper);
    try {
      if (closed) {
        LockSupport.parkNanos(blocker, nanos);
        return;
      }
      if (dueNanos - nextNanos < 0) {
        LockSupport.unpark(thread);
      }
      LockSupport.park(blocker);
    } finally {
      sleepers.remove(sleeper);
    }
  }

  private void watch() {
    try {
      while (!closed) {
        LockSupport.parkNanos(this, look());
      }
    } finally {
      close(); // Or who waits would wait for ever.
    }
  }

  private long look() {
    try {
      return wakeDue();
    } catch (RuntimeException | OutOfMemoryError e) {
      LOG.error("event=alarm-clock-failed", e);
      return AFTER_FAILURE_NANOS;
    }
  }

  /// Wakes all whose time has come, and gives how long there is nothing to do.
  long wakeDue() {
    long nowNanos = nanos();
    // Before the look: whoever comes after it then wakes this thread, if only to look again.
    nextNanos = nowNanos + FAR_NANOS;
    for (Sleeper sleeper : sleepers) {
      if (sleeper.dueNanos - nowNanos > 0) {
        nextNanos = sleeper.dueNanos;
        return sleeper.dueNanos - nowNanos;
      }
      sleepers.remove(sleeper);
      LockSupport.unpark(sleeper.thread);
    }
    return FAR_NANOS;
  }

  /// Gives how many threads wait.
  int sleeping() {
    return sleepers.size();
  }

  /// Has who waits look for itself; from now on each sets a timer of its own.
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
    sleepers.forEach(sleeper -> LockSupport.unpark(sleeper.thread));
  }
}
