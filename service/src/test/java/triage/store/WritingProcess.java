package triage.store;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import triage.time.MonotonicClock;

/// A process that opens a store and writes rows one by one until it is killed, saying on its
/// standard output which are acknowledged.
final class WritingProcess {
  private WritingProcess() {}

  public static void main(String[] arguments) {
    Path data = Path.of(arguments[0]);
    Store store = Store.open(StoreFixture.settings(), data, MonotonicClock.system());
    System.out.println("ready " + store.embedded().process().pid());
    var lane = store.writer().lane(new GapRows(), 10);
    for (long n = 0; ; n++) {
      CompletableFuture<Void> future = new CompletableFuture<>();
      lane.submit(GapRows.Row.of(n), Receipt.completing(future));
      future.join();
      System.out.println("acknowledged " + n);
    }
  }
}
