package triage.analysis;

import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import java.util.random.RandomGenerator;
import triage.gateway.ModelCall;
import triage.store.RowIds;
import triage.store.Store;
import triage.time.MonotonicClock;

/// Analyses as the application wires them: the resources, and the jobs behind them.
///
/// **Threads**: safe for use by several threads.
public final class AnalysisRoom implements AutoCloseable {
  private final JobBook book;
  private final Dispatcher dispatcher;
  private final AnalysesResource resource;

  /// Makes the room; [#start] begins with the jobs that wait.
  ///
  /// @param store where jobs are kept
  /// @param models who answers them
  /// @param ids of the jobs
  /// @param chance what draws the number of this run
  public AnalysisRoom(
      Store store,
      ModelCall models,
      AnalysisSettings settings,
      RowIds ids,
      MonotonicClock clock,
      InstantSource wallClock,
      RandomGenerator chance) {
    UUID owner = new UUID(chance.nextLong(), chance.nextLong());
    this.book = new JobBook(store, ids, clock, wallClock);
    this.dispatcher = new Dispatcher(book, models, settings, owner);
    this.resource =
        new AnalysesResource(
            new Analyses(book, dispatcher, models, settings),
            new Jobs(book, settings),
            settings.bodyBytesMax());
  }

  /// Starts claiming jobs.
  public void start() {
    dispatcher.start();
  }

  /// Gives the resources, for the server.
  public List<Object> resources() {
    return List.of(resource);
  }

  /// Claims nothing more, and gives back what is not done within 10 s.
  @Override
  public void close() {
    dispatcher.close();
  }
}
