package triage.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import javax.sql.DataSource;

/// How a connection of the service begins: where it goes, as whom, and in what mode.
///
/// **Threads**: immutable.
///
/// @param address the database, and the role to log in as
/// @param opening the statements that every new connection runs first
/// @param connect how long reaching the server may take
/// @param answer how long one statement may stay without any answer
record Sessions(ServerAddress address, String opening, Duration connect, Duration answer) {
  /// A commit that was acknowledged is on disk, whatever the server's own default.
  private static final String DURABLE = "SET synchronous_commit = on";

  private static final Duration ANSWER_GRACE = Duration.ofSeconds(1);
  private static final Duration HANGUP_LOOK = Duration.ofSeconds(1);
  private static final Duration IDLE_MAX = Duration.ofSeconds(2);

  /// Gives the sessions of a role that logs in itself.
  static Sessions of(ServerAddress address, StoreSettings settings) {
    return new Sessions(
        address, guards(settings), settings.connectTimeout(), settings.answerTimeout());
  }

  /// What the server gives up by itself: a statement that we no longer wait for, at the latest a
  /// second after we hung up, and a transaction of an instance that stands still with the locks of
  /// its rows in hand.
  private static String guards(StoreSettings settings) {
    return ("SET statement_timeout = %d; SET idle_in_transaction_session_timeout = %d;"
            + " SET client_connection_check_interval = %d")
        .formatted(
            settings.answerTimeout().plus(ANSWER_GRACE).toMillis(),
            IDLE_MAX.toMillis(),
            HANGUP_LOOK.toMillis());
  }

  /// Gives these sessions as another role.
  Sessions actingAs(String role) {
    return new Sessions(address, opening + "; SET ROLE " + role, connect, answer);
  }

  /// Gives these sessions with their commits awaited, for a server whose default is not to.
  Sessions durable() {
    return new Sessions(address, opening + "; " + DURABLE, connect, answer);
  }

  /// Gives these sessions with a bound on reaching the server and on each statement.
  Sessions within(Duration bound) {
    return new Sessions(address, opening, bound, bound);
  }

  /// Gives what opens connections, which do not run the opening statements by themselves.
  DataSource dataSource() {
    return address.dataSource(connect, answer);
  }

  /// Opens a connection and runs the opening statements.
  Connection open() throws SQLException {
    Connection connection = dataSource().getConnection();
    try (Statement statement = connection.createStatement()) {
      statement.execute(opening);
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }
}
