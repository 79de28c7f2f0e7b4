package triage.store;

import java.util.concurrent.CompletableFuture;

/// What the writer calls once a row has come to its end: exactly one method, once.
///
/// **Threads**: called by the writer's thread, which holds no lock and must not be held up: an
/// implementation does no more than pass the news on.
public interface Receipt {

  /// The row's transaction is committed.
  void written();

  /// The row cannot be written and is given up.
  ///
  /// @param reason one line for operators, free of the row's values
  void failed(String reason);

  /// Gives a receipt that completes a future: normally when written, else with a
  /// [RowFailedException].
  static Receipt completing(CompletableFuture<Void> future) {
    return new Receipt() {
      @Override
      public void written() {
        future.complete(null);
      }

      @Override
      public void failed(String reason) {
        future.completeExceptionally(new RowFailedException(reason));
      }
    };
  }
}
