package triage.store;

import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/// A table as those see it who wait for what they ask of it: what goes wrong is a
/// [StoreException] that names the table, and nothing of what was asked.
///
/// **Threads**: safe for use by several threads, which it blocks.
public final class Table {
  private final Jdbi jdbi;
  private final String name;

  /// Makes the way to a table.
  public Table(Jdbi jdbi, String name) {
    this.jdbi = jdbi;
    this.name = name;
  }

  /// Does something on one connection.
  ///
  /// @throws StoreException where the store does not answer, or refuses
  public <T> T with(Work<T> work) {
    try {
      return jdbi.withHandle(work::on);
    } catch (JdbiException e) {
      throw new StoreException(name + ": " + e.getClass().getSimpleName(), e);
    }
  }

  /// Something done on one connection.
  @FunctionalInterface
  public interface Work<T> {
    /// Does it.
    T on(Handle handle);
  }
}
