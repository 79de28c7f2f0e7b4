package triage.store;

import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/// Transactions on one connection that is kept open, and opened anew after a fault.
///
/// The writer has a connection beside the pool, so that neither a pool in full use nor the pool's
/// own pause after an outage holds it up.
///
/// **Threads**: confined to the writer's thread.
final class WriterTransactions implements GroupCommitWriter.Transactions {
  private final Jdbi jdbi;
  private @Nullable Handle kept;

  WriterTransactions(Sessions sessions) {
    this.jdbi = Jdbi.create(sessions::open);
  }

  @Override
  public void run(Consumer<Handle> work) {
    Handle handle = kept;
    if (handle == null) {
      handle = jdbi.open();
      kept = handle;
    }
    try {
      handle.useTransaction(work::accept);
    } catch (RuntimeException e) {
      if (!StoreFault.isOfRows(e)) {
        close();
      }
      throw e;
    }
  }

  @Override
  public void close() {
    Handle leaving = kept;
    kept = null;
    try {
      if (leaving != null) {
        leaving.close();
      }
    } catch (RuntimeException _) {
      // It was broken; its transaction is the server's to undo.
    }
  }
}
