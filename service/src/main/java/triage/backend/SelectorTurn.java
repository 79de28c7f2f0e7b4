package triage.backend;

import java.util.concurrent.Executor;

/// How much of one answer is passed on in a row on the thread that selects for the client.
///
/// While a model server sends faster than its answer is passed on, its socket is never found empty:
/// each part that has been passed on asks for the next one, which is there already, and the thread
/// would not get back to the answers of all others. So once in a while the next part is asked for
/// on another thread, which goes on with the answer while this one selects.
///
/// Where the other thread is so quick that this one still stands in the part before, this one has
/// another turn.
///
/// **Threads**: for one answer, whose parts come one at a time.
public final class SelectorTurn {
  /// What may be passed on in a row, in bytes. A smaller answer wakes no thread.
  static final int BYTES_MAX = 256 << 10;

  /// How many parts may be, however small: each is a write to the caller.
  static final int PARTS_MAX = 64;

  private final Executor elsewhere;
  private int bytes;
  private int parts;

  SelectorTurn(Executor elsewhere) {
    this.elsewhere = elsewhere;
  }

  /// Asks for the next part, once one has been passed on: at once, or on another thread.
  ///
  /// @param passed the size of that part in bytes
  public void next(int passed, Runnable demander) {
    bytes += passed;
    parts++;
    if (bytes < BYTES_MAX && parts < PARTS_MAX) {
      demander.run();
      return;
    }
    bytes = 0;
    parts = 0;
    elsewhere.execute(demander);
  }
}
