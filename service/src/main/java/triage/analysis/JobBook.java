package triage.analysis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import triage.admission.Criticality;
import triage.gateway.Refusal;
import triage.gateway.RefusedException;
import triage.store.Bell;
import triage.store.GroupCommitWriter;
import triage.store.PromptLane;
import triage.store.Receipt;
import triage.store.RowIds;
import triage.store.Store;
import triage.store.StoreException;
import triage.time.MonotonicClock;

/// The jobs that this installation keeps: writes them through the group-commit writer, reads them,
/// and tells who waits for one when it has ended.
///
/// **Threads**: safe for use by several threads, which it blocks until the store has answered.
final class JobBook implements AutoCloseable {
  /// What a caller is told while the store takes nothing in.
  static final String INTAKE_FULL = "intake-full";

  private static final String WORK = "work";

  /// Begins what tells that jobs of a caller have changed; no id of a job begins so.
  private static final String OF = "of-";

  /// Begins what tells that a job has changed and not ended.
  private static final String CHANGED = "x";

  private static final int ID_LENGTH = 36;
  private static final int NEW_ROWS_MAX = 4_096;

  /// How many bytes may be on their way to the store when more is taken in.
  private static final long NEW_BYTES_MAX = 64L << 20;

  private static final int SETTLED_ROWS_MAX = 20_000;
  private static final Duration COMMIT_MAX = Duration.ofSeconds(10);

  /// A commit that takes longer is no time to take anything in.
  private static final Duration DELAY_MAX = Duration.ofSeconds(2);

  /// How long somebody who has a caller waiting waits for the store.
  static final Duration READ_MAX = Duration.ofSeconds(5);

  private static final long RETRY_NANOS = 2_000_000_000L;

  /// How long a submission waits for the store on its own; less than what is told as a hanging one.
  private static final Duration ALONE_MAX = Duration.ofSeconds(2);

  private static final long FULL_PAUSE_NANOS = 20_000_000L;

  private final GroupCommitWriter writer;
  private final PromptLane<NewJob> newJobs;
  private final GroupCommitWriter.Lane<Settlement> settlements;
  private final JobDao dao;
  private final JobDao claims;
  private final IntakeRoom room;
  private final RowIds ids;
  private final MonotonicClock clock;
  private final CensusDao censuses;
  private final DiskRoom disk;
  private final JobCounts counts = new JobCounts();
  private final Waiters waiters = new Waiters();
  private final JobWait waits;
  private final Listeners listeners;
  private final KnownJobs known;
  private final ChangeDao changes;
  private final Bell bell;
  private volatile @Nullable JobCensus census;
  private volatile Runnable onWork = () -> {};
  private volatile Consumer<List<UUID>> onEnded = _ -> {};
  private final AtomicLong bytesUnderWay = new AtomicLong();

  JobBook(Store store, RowIds ids, AnalysisSettings settings, MonotonicClock clock) {
    this.listeners = new Listeners(settings.events());
    this.known = new KnownJobs(clock);
    this.writer = store.writer();
    this.newJobs = store.promptLane(new NewJobDao(), NEW_ROWS_MAX, ALONE_MAX);
    this.settlements = writer.lane(new SettlementDao(counts), SETTLED_ROWS_MAX);
    this.dao = new JobDao(store.jdbi(READ_MAX));
    this.waits = new JobWait(dao, waiters, clock);
    this.claims = new JobDao(store.jdbi());
    this.censuses = new CensusDao(store.jdbi());
    this.disk = new DiskRoom(store::freeBytes, settings.diskFreeBytesMin(), clock);
    this.room = new IntakeRoom(disk, settings);
    this.changes = new ChangeDao(store.jdbi(READ_MAX));
    this.ids = ids;
    this.clock = clock;
    this.bell = store.bell("triage_jobs", this::hear);
  }

  /// Sets what is run when this instance or another one tells of work.
  void onWork(Runnable look) {
    onWork = look;
  }

  /// Sets what learns which jobs have ended, here or elsewhere.
  ///
  /// @param learn must not block
  void onEnded(Consumer<List<UUID>> learn) {
    onEnded = learn;
  }

  /// Tells all instances that a job has ended.
  void tell(UUID job, String caller) {
    known.changed(List.of(job));
    waiters.wake(List.of(job));
    bell.ring(job.toString());
    tellOf(caller);
  }

  /// Tells all instances that a job has changed and not ended.
  void tellChanged(UUID job, String caller) {
    known.changed(List.of(job));
    bell.ring(CHANGED + job);
    tellOf(caller);
  }

  /// Tells all instances that there is a change of a caller's jobs.
  void tellOf(String caller) {
    listeners.wake(caller);
    bell.ring(OF + caller);
  }

  /// Looks for changes that nobody has told of.
  void lookForChanges() {
    known.look(changes::revisions);
    Collection<String> callers = listeners.callers();
    listeners.wake(callers.isEmpty() ? Map.of() : changes.newest(callers));
  }

  /// Tells all instances that there is a job to claim.
  void tellOfWork() {
    onWork.run();
    bell.ring(WORK);
  }

  private void hear(List<String> words) {
    List<UUID> ended = new ArrayList<>();
    List<UUID> changed = new ArrayList<>();
    for (String word : words) {
      if (word.equals(WORK)) {
        onWork.run();
      } else if (word.startsWith(OF)) {
        listeners.wake(word.substring(OF.length()));
      } else if (word.startsWith(CHANGED)) {
        changed.add(UUID.fromString(word.substring(CHANGED.length())));
      } else if (word.length() == ID_LENGTH) {
        ended.add(UUID.fromString(word));
      }
    }
    known.changed(changed);
    known.changed(ended);
    waiters.wake(ended);
    onEnded.accept(ended);
  }

  /// Ends the news between instances.
  @Override
  public void close() {
    bell.close();
  }

  /// Gives the jobs for who has a caller waiting: what is not answered within 5 s fails.
  JobDao dao() {
    return dao;
  }

  /// Gives the jobs for who works on them and has time.
  JobDao claims() {
    return claims;
  }

  Waiters waiters() {
    return waiters;
  }

  Listeners listeners() {
    return listeners;
  }

  KnownJobs known() {
    return known;
  }

  ChangeDao changes() {
    return changes;
  }

  UUID newId() {
    return ids.next();
  }

  /// Gives the time on the monotonic clock.
  long nanos() {
    return clock.nanos();
  }

  /// Writes a new job and waits for its commit. However much is under way, one that is done comes
  /// on top: the model has worked for it, and [#reserve] lets nothing more begin meanwhile.
  ///
  /// @throws RefusedException 503 if the store does not take it in time; it may have been written
  ///     all the same
  void add(NewJob job) throws RefusedException {
    int bytes = job.bytes();
    if (bytesUnderWay.addAndGet(bytes) > NEW_BYTES_MAX && !job.state().isFinal()) {
      bytesUnderWay.addAndGet(-bytes);
      throw intakeFull();
    }
    try {
      admit(job);
    } catch (RefusedException e) {
      bytesUnderWay.addAndGet(-bytes);
      throw e;
    }
    CompletableFuture<Void> written = new CompletableFuture<>();
    var _ =
        written.whenComplete((done, failure) -> {
          bytesUnderWay.addAndGet(-bytes);
          if (failure != null) {
            room.giveBack(job);
          }
        });
    if (job.state().isFinal()) {
      var _ = written.thenRun(() -> counts.ended(job.state()));
    }
    if (!newJobs.submit(job, Receipt.completing(written))) {
      written.cancel(false);
      throw intakeFull();
    }
    await(written);
    tellOf(job.caller());
  }

  /// Takes a new job in, as far as there is room for it.
  ///
  /// @throws RefusedException 503 if there is not, or the store takes nothing just now; 429 if its
  ///     study has all it may have
  void admit(NewJob job) throws RefusedException {
    requireIntake();
    room.take(job);
  }

  /// Gives back the room that was taken for a job which does not come to the store.
  void giveBack(NewJob job) {
    room.giveBack(job);
  }

  /// Takes in a job that is kept already and is to wait anew, as far as there is room for it.
  ///
  /// @return gives the room back, where the job does not wait
  /// @throws RefusedException 503 if there is no room, or the store takes nothing just now
  IntakeRoom.Reservation admitAgain(Job job) throws RefusedException {
    requireIntake();
    int input = dao.inputBytes(job.id()).orElse(0);
    return room.takeWaiting(job.caller(), job.criticality(), input);
  }

  /// Takes a new batch in, without its lines.
  ///
  /// @throws RefusedException 503 if there is no room
  void admitBatch(String caller, Criticality criticality) throws RefusedException {
    room.takeRow(caller, criticality);
  }

  /// Takes in why a line is no job: it counts as one that waits does, until those are counted anew.
  ///
  /// @throws RefusedException 503 if there is no room, or the store takes nothing just now
  void admitRefusal(String caller, Criticality criticality) throws RefusedException {
    requireIntake();
    room.takeRefusal(caller, criticality);
  }

  /// Gives back the room that was taken for a line which is no job and does not come to the store.
  void giveBackRefusal(String caller) {
    room.giveBackRefusal(caller);
  }

  /// Waits for something that the writer writes.
  ///
  /// @throws RefusedException 503 if it is not written in time
  static void await(CompletableFuture<Void> written) throws RefusedException {
    try {
      written.get(COMMIT_MAX.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException | ExecutionException e) {
      throw intakeFull();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw intakeFull();
    }
  }

  static RefusedException intakeFull() {
    return new RefusedException(
        new Refusal(
            503,
            INTAKE_FULL,
            RETRY_NANOS,
            "the store cannot take this in just now; try again after Retry-After, under /api/v1"
                + " best with an Idempotency-Key"));
  }

  /// Hands in what becomes of a claim on a caller's job, and gives a future that completes once it
  /// is committed. It waits while the store is away and all room is taken.
  CompletableFuture<Void> settle(Settlement settlement, String caller) {
    CompletableFuture<Void> written = new CompletableFuture<>();
    Receipt receipt = Receipt.completing(written);
    while (!settlements.submit(settlement, receipt)) {
      if (settlements.isClosed()) {
        return CompletableFuture.failedFuture(new IllegalStateException("the store is closed"));
      }
      LockSupport.parkNanos(FULL_PAUSE_NANOS);
    }
    var _ =
        written.thenRun(() -> {
          switch (settlement) {
            case Settlement.Ended ended -> {
              counts.ended(ended.ending().state());
              tell(ended.id(), caller);
            }
            case Settlement.PutBack back -> tellChanged(back.id(), caller);
            case Settlement.Released _ -> {}
          }
        });
    return written;
  }

  /// Lets go of a job that a request worked on in vain, and gives a future that completes once it
  /// is gone and its room given back. One whose end came to the store after its request had given
  /// up waiting for that stays, and so does what it takes.
  CompletableFuture<Void> release(NewJob job) {
    // What waits for the store must not keep the job's input in memory.
    IntakeRoom.Reservation taken = room.taken(job);
    AtomicBoolean gone = new AtomicBoolean();
    return settle(new Settlement.Released(job.id(), 0, gone), job.caller())
        .thenRun(() -> {
          if (gone.get()) {
            taken.close();
          }
        });
  }

  /// Counts anew what there is.
  JobCensus count() {
    try {
      JobCensus now = censuses.count(IntakeRoom.ROW_BYTES, room::counting);
      room.counted(now);
      census = now;
      return now;
    } catch (StoreException e) {
      census = null;
      throw e;
    }
  }

  /// Gives the last count, or `null` if the store did not answer.
  @Nullable JobCensus census() {
    return census;
  }

  /// Gives what this instance has made of jobs.
  JobCounts counts() {
    return counts;
  }

  /// Gives who waits for jobs on behalf of callers.
  JobWait waits() {
    return waits;
  }

  /// Makes sure that the store takes rows, and that they do not wait for long.
  ///
  /// @throws RefusedException 503 if they would
  void requireIntake() throws RefusedException {
    if (writer.outage() != null || writer.delay().compareTo(DELAY_MAX) > 0) {
      throw intakeFull();
    }
  }

  /// Reserves room for an analysis that is answered at once, before its model is asked.
  ///
  /// @return gives the room back, when the analysis is kept or will not be
  /// @throws RefusedException 503 if there is none, or too much is under way; 429 if its study has
  ///     all it may have
  IntakeRoom.Reservation reserve(String caller, Submission submission, Criticality criticality)
      throws RefusedException {
    if (bytesUnderWay.get() + submission.input().length > NEW_BYTES_MAX) {
      throw intakeFull();
    }
    return room.reserve(caller, submission.study(), criticality, submission.input().length);
  }

  /// Makes sure that there is room on the store's disk.
  ///
  /// @throws RefusedException 503 if there is none
  void requireDisk(Criticality criticality) throws RefusedException {
    room.requireDisk(criticality);
  }

  /// Gives the room on the store's disk.
  DiskRoom disk() {
    return disk;
  }
}
