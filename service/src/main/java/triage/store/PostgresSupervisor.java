package triage.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.time.MonotonicClock;

/// Keeps one PostgreSQL running: starts it, waits for its end, starts it again.
///
/// The kernel's death signal is tied to the thread that started the server, not to the process. So
/// the thread that starts it is the one that waits for it, and it lives as long as the server does.
///
/// **Threads**: safe for use by several threads; one thread of its own, `postgres-supervisor`.
final class PostgresSupervisor implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PostgresSupervisor.class);
  private static final Duration BACKOFF_MIN = Duration.ofMillis(100);
  private static final Duration BACKOFF_MAX = Duration.ofSeconds(2);
  private static final Duration STEADY = Duration.ofSeconds(10);
  private static final Duration LAST_WORDS = Duration.ofMillis(250);
  private static final Duration STOP_MAX = Duration.ofSeconds(20);

  private final List<String> command;
  private final Path cluster;
  private final PostgresLog log;
  private final MonotonicClock clock;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  @GuardedBy("lock")
  private @Nullable Process process;

  @GuardedBy("lock")
  private boolean restarting;

  @GuardedBy("lock")
  private boolean closing;

  @GuardedBy("lock")
  private boolean ended;

  private PostgresSupervisor(
      List<String> command, Path cluster, PostgresLog log, MonotonicClock clock) {
    this.command = List.copyOf(command);
    this.cluster = cluster;
    this.log = log;
    this.clock = clock;
    this.thread =
        Thread.ofPlatform().daemon().name("postgres-supervisor").unstarted(this::supervise);
  }

  /// Starts the server. Until [#keepAlive] is called its end is final, and the caller's to judge.
  static PostgresSupervisor start(
      List<String> command, Path cluster, PostgresLog log, MonotonicClock clock) {
    PostgresSupervisor supervisor = new PostgresSupervisor(command, cluster, log, clock);
    supervisor.thread.start();
    return supervisor;
  }

  /// From now on the server is started again whenever it ends.
  void keepAlive() {
    lock.lock();
    try {
      restarting = true;
    } finally {
      lock.unlock();
    }
  }

  /// Waits a moment, and says whether the server has ended for good.
  boolean endedWithin(Duration moment) {
    lock.lock();
    try {
      long left = moment.toNanos();
      while (!ended && left > 0) {
        left = changed.awaitNanos(left);
      }
      return ended;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreException("interrupted while starting PostgreSQL", e);
    } finally {
      lock.unlock();
    }
  }

  /// Gives the process that serves, or served last.
  ///
  /// @throws IllegalStateException if none was ever started
  ProcessHandle process() {
    lock.lock();
    try {
      if (process == null) {
        throw new IllegalStateException("process: none (expected: a server that was started)");
      }
      return process.toHandle();
    } finally {
      lock.unlock();
    }
  }

  /// Stops the server, cleanly if it does so within 20 s, and ends the thread.
  @Override
  public void close() {
    Process running;
    lock.lock();
    try {
      closing = true;
      changed.signalAll();
      running = process;
    } finally {
      lock.unlock();
    }
    if (running != null && running.isAlive()) {
      Leftover.stop(running.toHandle(), STOP_MAX, clock);
    }
    try {
      thread.join(STOP_MAX);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void supervise() {
    long backoffNanos = BACKOFF_MIN.toNanos();
    try {
      while (true) {
        long startNanos = clock.nanos();
        Process started = spawn();
        if (started != null) {
          Thread reader = log.follow(started.getInputStream());
          int code = started.waitFor();
          reader.join(LAST_WORDS);
          if (clock.nanos() - startNanos > STEADY.toNanos()) {
            backoffNanos = BACKOFF_MIN.toNanos();
          }
          if (finished()) {
            return;
          }
          LOG.error("event=postgres-died exit={} tail=\"{}\"", code, log.tail());
        } else if (finished()) {
          return;
        }
        if (closedWithin(backoffNanos)) {
          return;
        }
        backoffNanos = Math.min(2 * backoffNanos, BACKOFF_MAX.toNanos());
        clear();
      }
    } catch (InterruptedException _) {
      // Nobody interrupts this thread; were it so, it would end and take the server along.
    } finally {
      lock.lock();
      try {
        ended = true;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  private @Nullable Process spawn() {
    Process started;
    try {
      started = PostgresRunner.builder(command).start();
    } catch (IOException e) {
      log.add("cannot be run: " + e.getMessage());
      return null;
    }
    lock.lock();
    try {
      process = started;
      if (!closing) {
        return started;
      }
    } finally {
      lock.unlock();
    }
    // Closed while it was being started: nobody else knows of it yet.
    Leftover.stop(started.toHandle(), STOP_MAX, clock);
    return null;
  }

  private void clear() {
    try {
      Leftover.clear(cluster, clock);
    } catch (IOException e) {
      LOG.warn("event=postgres-leftover cause=\"{}\"", e.toString());
    }
  }

  private boolean finished() {
    lock.lock();
    try {
      return closing || !restarting;
    } finally {
      lock.unlock();
    }
  }

  private boolean closedWithin(long nanos) throws InterruptedException {
    lock.lock();
    try {
      long left = nanos;
      while (!closing && left > 0) {
        left = changed.awaitNanos(left);
      }
      return closing;
    } finally {
      lock.unlock();
    }
  }
}
