package triage.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Asks the store whether it answers and takes writes, on a connection of its own: a pool in full
/// use is no outage.
///
/// **Threads**: safe for use by several threads, which share one question at a time; it is asked by
/// one thread, `store-health`, so that a server that hangs holds up nobody for longer than the
/// bound.
final class StoreProbe implements AutoCloseable {
  private static final Duration ANSWER_MAX = Duration.ofMillis(1_500);
  private static final Duration STEP_MAX = Duration.ofSeconds(1);

  private final Sessions sessions;
  private final ThreadPoolExecutor executor =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(1),
          Thread.ofPlatform().daemon().name("store-health").factory());
  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private CompletableFuture<StoreHealth> asked =
      CompletableFuture.completedFuture(new StoreHealth.Ok());

  /// Confined to the thread of the executor.
  private @Nullable Connection kept;

  StoreProbe(Sessions sessions) {
    this.sessions = sessions.within(STEP_MAX);
  }

  /// Gives the store's answer, or that there was none, within 2 s.
  StoreHealth ask() {
    try {
      return question().get(ANSWER_MAX.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException _) {
      return new StoreHealth.Down("no answer within " + ANSWER_MAX.toMillis() + " ms");
    } catch (ExecutionException e) {
      return new StoreHealth.Down(StoreException.oneLine(e.getMessage()));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return new StoreHealth.Down("interrupted while asking");
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (!executor.isShutdown()) {
        executor.execute(this::leave);
        executor.shutdown();
      }
    } finally {
      lock.unlock();
    }
  }

  private CompletableFuture<StoreHealth> question() {
    lock.lock();
    try {
      if (executor.isShutdown()) {
        return CompletableFuture.completedFuture(new StoreHealth.Down("closed"));
      }
      if (asked.isDone()) {
        asked = CompletableFuture.supplyAsync(this::answer, executor);
      }
      return asked;
    } finally {
      lock.unlock();
    }
  }

  private StoreHealth answer() {
    if (kept != null) {
      try {
        return answer(kept);
      } catch (SQLException _) {
        // Perhaps only this connection broke: a new one tells.
        leave();
      }
    }
    try {
      Connection opened = sessions.open();
      kept = opened;
      return answer(opened);
    } catch (SQLException e) {
      leave();
      return new StoreHealth.Down(StoreException.oneLine(e.getMessage()));
    }
  }

  private static StoreHealth answer(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet found =
            statement.executeQuery(
                "SELECT pg_is_in_recovery() OR"
                    + " current_setting('transaction_read_only')::boolean")) {
      return found.next() && found.getBoolean(1)
          ? new StoreHealth.Down("read-only: a standby answers")
          : new StoreHealth.Ok();
    }
  }

  private void leave() {
    Connection leaving = kept;
    kept = null;
    try {
      if (leaving != null) {
        leaving.close();
      }
    } catch (SQLException _) {
      // It was broken; nothing of ours depends on it.
    }
  }
}
