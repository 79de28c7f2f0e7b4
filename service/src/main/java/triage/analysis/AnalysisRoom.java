package triage.analysis;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import java.util.random.RandomGenerator;
import triage.audit.AuditTrail;
import triage.gateway.AsyncIntake;
import triage.gateway.EventStreams;
import triage.gateway.ModelCall;
import triage.gateway.NativeCall;
import triage.gateway.RefusedException;
import triage.gateway.RetryAfter;
import triage.store.RowIds;
import triage.store.Store;
import triage.time.MonotonicClock;

/// Analyses as the application wires them: the resources, and the jobs behind them.
///
/// **Threads**: safe for use by several threads.
public final class AnalysisRoom implements AutoCloseable {
  private final JobBook book;
  private final Dispatcher dispatcher;
  private final Retention retention;
  private final Analyses analyses;
  private final List<Object> resources;
  private final Events events;
  private final long bodyBytesMax;
  private final long storedBytesMax;

  /// Makes the room; [#start] begins with the jobs that wait.
  ///
  /// @param store where jobs are kept
  /// @param models who answers them
  /// @param audit where it is written down who called a job off
  /// @param ids of the jobs
  /// @param chance what draws the number of this run
  public AnalysisRoom(
      Store store,
      ModelCall models,
      AuditTrail audit,
      AnalysisSettings settings,
      RowIds ids,
      MonotonicClock clock,
      InstantSource wallClock,
      RandomGenerator chance) {
    UUID owner = new UUID(chance.nextLong(), chance.nextLong());
    this.bodyBytesMax = settings.bodyBytesMax();
    this.storedBytesMax = settings.storedBytesMax();
    this.book = new JobBook(store, ids, settings, clock);
    this.dispatcher = new Dispatcher(book, models, settings, owner);
    Reclaim reclaim =
        new Reclaim(
            book.disk(),
            store.tableRoom("jobs"),
            clock,
            sweep -> Thread.ofVirtual().name("job-room-sweep").start(sweep));
    this.retention =
        new Retention(book.claims(), new BatchDao(store.jdbi()), reclaim, settings, clock);
    RetryAfter retryAfter = new RetryAfter(chance.nextLong());
    Comeback comeback = new Comeback(book, models, retryAfter);
    AnswerRoom answers = AnswerRoom.ofHeap();
    this.analyses = new Analyses(book, dispatcher, models, settings, answers, comeback, wallClock);
    Batches batches =
        new Batches(
            new Batches.Rooms(
                book,
                new BatchDao(store.jdbi(JobBook.READ_MAX)),
                new BatchDao(store.jdbi()),
                new BatchIntake(store.writer()),
                new Submissions(models),
                settings,
                clock,
                retryAfter,
                comeback));
    JobView view = new JobView(models);
    this.resources =
        List.of(
            new AnalysesResource(
                analyses,
                new Jobs(book, dispatcher, audit, settings, view),
                new DeadJobs(book.dao(), view),
                answers,
                settings.bodyBytesMax()),
            new BatchesResource(batches));
    this.events = new Events(book, view, settings.events(), clock, wallClock);
  }

  /// Starts claiming jobs.
  public void start() {
    dispatcher.start();
    retention.start();
  }

  /// Gives the way in for inferences that are to be answered later.
  public AsyncIntake intake() {
    return new AsyncIntake() {
      @Override
      public long bodyBytesMax() {
        return bodyBytesMax;
      }

      @Override
      public Outcome accept(Inference inference, NativeCall call) throws RefusedException {
        return analyses.accept(inference, call);
      }
    };
  }

  /// Gives who answers with streams of events.
  public EventStreams events() {
    return events;
  }

  /// Gives the resources, for the server.
  public List<Object> resources() {
    return resources;
  }

  /// Shows operators what becomes of jobs.
  public void show(PrometheusRegistry metrics) {
    JobMeter.register(metrics, book, dispatcher.unserved(), storedBytesMax);
  }

  /// Answers whoever waits for a job with what it is now, ends all streams of events, and lets
  /// nobody wait or listen from here on: an instance that goes down is not held up by them.
  public void sendWaitersAway() {
    book.waiters().sendAway();
    book.listeners().sendAway();
  }

  /// Claims nothing more, and gives back what is not done within 10 s.
  @Override
  public void close() {
    retention.close();
    dispatcher.close();
    book.close();
  }
}
