package triage.store;

import java.util.List;
import org.jdbi.v3.core.Handle;

/// One kind of rows: knows how to insert many of them at once.
///
/// The rows of one call belong to one transaction, and the same row may come again when a commit's
/// acknowledgement was lost. So each row carries its own id, and the statement says `ON CONFLICT DO
/// NOTHING`.
///
/// **Threads**: called by the writer's thread only.
///
/// @param <T> the row
@FunctionalInterface
public interface RowKind<T> {

  /// Inserts rows within the handle's transaction, which the writer commits.
  ///
  /// @param rows at least one, in the order in which they were handed in
  void insert(Handle handle, List<T> rows);
}
