package triage.store;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The way of rows whose commit somebody waits for: while few are handed in, whoever brings one
/// inserts and commits it itself; while many are, the writer takes them in groups.
///
/// PostgreSQL flushes the commits of a handful of connections together, and each of their callers
/// waits for one. A row that goes to the writer waits for the commit under way, and then for its
/// own. Beyond a handful the callers are in each other's way, and groups are faster.
///
/// A row that may not have been committed by its bringer goes to the writer, too: rows carry ids,
/// and one that is there already is left alone.
///
/// **Threads**: safe for use by several threads, which it may block for as long as the store takes
/// to answer, at most for the time given.
///
/// **Source**: decision 0032.
///
/// @param <T> the row
public final class PromptLane<T> {
  /// How many rows the writer may have of this lane while others go beside it.
  static final int FEW = 16;

  private static final Logger LOG = LoggerFactory.getLogger(PromptLane.class);

  private final GroupCommitWriter.Lane<T> lane;
  private final RowKind<T> kind;
  private final Jdbi jdbi;
  private final Semaphore beside;

  /// Makes a lane of at most `rowsMax` rows at the writer.
  ///
  /// @param besideMax how many bringers commit their own rows at once
  /// @param answerMax how long one waits for the store before the writer takes its row
  PromptLane(Store store, RowKind<T> kind, int rowsMax, int besideMax, Duration answerMax) {
    this.lane = store.writer().lane(kind, rowsMax);
    this.kind = kind;
    this.jdbi = store.jdbi(answerMax);
    this.beside = new Semaphore(besideMax);
  }

  /// Hands in a row, or says false: full, or closed. The receipt is called only after true, or by
  /// this thread before it.
  public boolean submit(T row, Receipt receipt) {
    if (commit(row)) {
      receipt.written();
      return true;
    }
    return lane.submit(row, receipt);
  }

  private boolean commit(T row) {
    if (lane.held() >= FEW || !beside.tryAcquire()) {
      return false;
    }
    try {
      jdbi.useHandle(handle -> kind.insert(handle, List.of(row)));
      return true;
    } catch (JdbiException e) {
      // The writer finds out whether it is the store or the row, and tells.
      LOG.debug("event=row-left-to-the-writer cause={}", e.getClass().getSimpleName());
      return false;
    } finally {
      beside.release();
    }
  }
}
