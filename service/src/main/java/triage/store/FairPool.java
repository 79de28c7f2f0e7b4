package triage.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.ConnectionFactory;

/// Shared connections, handed out in the order in which they were asked for.
///
/// HikariCP alone starves some callers when there are more of them than connections: with 128
/// virtual threads on 16 connections the longest wait was the whole run. A fair semaphore before it
/// cut that to a second.
///
/// **Threads**: safe for use by several threads.
final class FairPool implements ConnectionFactory, AutoCloseable {
  private static final int KEPT_IDLE = 2;

  private final HikariDataSource pool;
  private final Semaphore turns;
  private final Duration waitMax;

  /// Makes the pool; it connects in the background, and again after every outage.
  FairPool(Sessions sessions, StoreSettings settings) {
    HikariConfig config = new HikariConfig();
    config.setPoolName("store");
    config.setDataSource(sessions.dataSource());
    config.setConnectionInitSql(sessions.opening());
    config.setMaximumPoolSize(settings.connections());
    config.setMinimumIdle(Math.min(KEPT_IDLE, settings.connections()));
    // Whoever has a turn waits only where a connection has to be made.
    config.setConnectionTimeout(Math.max(250, settings.connectTimeout().toMillis()));
    config.setValidationTimeout(Math.clamp(settings.connectTimeout().toMillis(), 250, 1_000));
    config.setInitializationFailTimeout(-1);
    // The pool would ask its first connection for it; if that one breaks before it has answered, no
    // later one is taken: "Transaction isolation level -1 not supported", for ever.
    config.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
    this.pool = new HikariDataSource(config);
    this.turns = new Semaphore(settings.connections(), true);
    this.waitMax = settings.waitTimeout();
  }

  /// Gives a connection, after at most the waiting time for a turn and the connect timeout.
  ///
  /// @throws SQLException if there is none in that time
  @Override
  public Connection openConnection() throws SQLException {
    boolean turn;
    try {
      turn = turns.tryAcquire(waitMax.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SQLTransientConnectionException("interrupted while waiting for a connection", e);
    }
    if (!turn) {
      throw new SQLTransientConnectionException(
          "no connection was free within " + waitMax + " (store.waitTimeout)");
    }
    try {
      return pool.getConnection();
    } catch (SQLException | RuntimeException e) {
      turns.release();
      throw e;
    }
  }

  /// Gives a way to the same connections on which one statement may stay without an answer for a
  /// shorter time than usual.
  ConnectionFactory within(Duration answerMax) {
    int millis = Math.toIntExact(answerMax.toMillis());
    return new ConnectionFactory() {
      @Override
      public Connection openConnection() throws SQLException {
        Connection connection = FairPool.this.openConnection();
        try {
          // The pool sets it back; the driver has no use for the executor.
          connection.setNetworkTimeout(Runnable::run, millis);
          return connection;
        } catch (SQLException | RuntimeException e) {
          closeConnection(connection);
          throw e;
        }
      }

      @Override
      public void closeConnection(Connection connection) throws SQLException {
        FairPool.this.closeConnection(connection);
      }
    };
  }

  @Override
  public void closeConnection(Connection connection) throws SQLException {
    try {
      connection.close();
    } finally {
      turns.release();
    }
  }

  @Override
  public void close() {
    pool.close();
  }
}
