package triage.analysis;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

/// Work that may be asked for far more often than it need be done: however often it is asked for
/// before it begins, it is done once. What is asked for once it has begun is done after it.
///
/// **Threads**: safe for use by several threads; the executor runs the work.
final class Coalesced {
  private final Executor executor;
  private final Runnable work;
  private final AtomicBoolean asked = new AtomicBoolean();

  /// Makes work that nobody has asked for.
  Coalesced(Executor executor, Runnable work) {
    this.executor = executor;
    this.work = work;
  }

  /// Asks for the work. Does not block.
  void ask() {
    if (asked.compareAndSet(false, true)) {
      executor.execute(() -> {
        asked.set(false);
        work.run();
      });
    }
  }
}
