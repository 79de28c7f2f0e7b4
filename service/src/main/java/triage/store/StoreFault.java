package triage.store;

import java.sql.SQLException;
import java.util.Set;
import org.jdbi.v3.core.CloseException;
import org.jdbi.v3.core.ConnectionException;
import org.jdbi.v3.core.transaction.TransactionException;
import org.jspecify.annotations.Nullable;

/// Tells a fault of a row, which no repetition mends, from one of the store, which time may.
///
/// **Source**: PostgreSQL's manual, appendix A, error codes.
final class StoreFault {
  /// Cardinality, data, integrity, syntax or access, check option, feature, limits, raised by a
  /// trigger: the store is well and will say the same again.
  private static final Set<String> OF_ROWS = Set.of("0A", "21", "22", "23", "42", "44", "54", "P0");

  /// Of two transactions that stood in each other's way, this one had to give in. PostgreSQL:
  /// `deadlock_detected` and `serialization_failure`.
  private static final Set<String> OF_RIVALS = Set.of("40P01", "40001");

  private StoreFault() {}

  /// Says whether the rows at hand are to blame. In doubt it is the store: then nothing is given
  /// up.
  static boolean isOfRows(RuntimeException failure) {
    if (failure instanceof ConnectionException || failure instanceof CloseException) {
      return false;
    }
    SQLException cause = cause(failure);
    if (cause == null) {
      // No word from the store: the code that inserts failed.
      return !(failure instanceof TransactionException);
    }
    String state = cause.getSQLState();
    return state != null && state.length() == 5 && OF_ROWS.contains(state.substring(0, 2));
  }

  /// Says whether the store is well and only another transaction was in the way: the same may be
  /// tried again at once.
  static boolean isOfRivals(RuntimeException failure) {
    SQLException cause = cause(failure);
    String state = cause == null ? null : cause.getSQLState();
    return state != null && OF_RIVALS.contains(state);
  }

  /// Gives what may be logged of a fault: its class and code. The store's own text may quote
  /// values.
  static String describe(RuntimeException failure) {
    SQLException cause = cause(failure);
    return cause == null
        ? failure.getClass().getSimpleName()
        : cause.getClass().getSimpleName() + " sqlstate=" + cause.getSQLState();
  }

  private static @Nullable SQLException cause(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException found) {
        return found;
      }
    }
    return null;
  }
}
