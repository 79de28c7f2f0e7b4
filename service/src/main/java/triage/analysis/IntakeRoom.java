package triage.analysis;

import org.jspecify.annotations.Nullable;
import triage.admission.Criticality;
import triage.gateway.Refusal;
import triage.gateway.RefusedException;

/// Whether there is room for one more: on the disk, among all that is kept, among what waits.
///
/// **Threads**: safe for use by several threads, one of which may be held up by a look at the disk.
final class IntakeRoom {
  /// What a job takes beside its input and result: the rest of its row, and the indexes.
  static final long ROW_BYTES = 512;

  private static final long RETRY_NANOS = 30_000_000_000L;

  /// What is kept goes with time only: asking sooner would be in vain.
  private static final long KEPT_RETRY_NANOS = 60_000_000_000L;

  /// Room that is held for something.
  interface Reservation extends AutoCloseable {
    @Override
    void close();
  }

  private final DiskRoom disk;
  private final StoredBytes stored;
  private final Backlog backlog;

  IntakeRoom(DiskRoom disk, AnalysisSettings settings) {
    this.disk = disk;
    this.stored = new StoredBytes(settings.storedBytesMax(), settings.studyBytesMax());
    this.backlog = new Backlog(settings.backlogBytesMax());
  }

  /// Takes a new job in. One that is done is never refused: the model has worked for it, and room
  /// for its input was [reserved][#reserve].
  ///
  /// @throws RefusedException 503 if there is no room, 429 if its study has all it may have
  void take(NewJob job) throws RefusedException {
    String study = job.submission().study();
    if (job.state().isFinal()) {
      stored.add(job.caller(), study, storedBytes(job));
      return;
    }
    requireDisk(job.criticality());
    requireTaken(stored.take(job.caller(), study, job.criticality(), storedBytes(job)));
    if (job.state() == JobState.WAITING
        && !backlog.take(job.caller(), job.criticality(), waitingBytes(job))) {
      stored.giveBack(job.caller(), study, storedBytes(job));
      throw tooMuchWaits();
    }
  }

  /// Gives back what was taken for a job that never came to the store.
  void giveBack(NewJob job) {
    taken(job).close();
  }

  /// Gives what was taken for a job: whoever holds that does not hold the job.
  ///
  /// @return gives the room back, where the job does not stay
  Reservation taken(NewJob job) {
    String caller = job.caller();
    String study = job.submission().study();
    long kept = storedBytes(job);
    long waiting = job.state() == JobState.WAITING ? waitingBytes(job) : 0;
    return () -> {
      stored.giveBack(caller, study, kept);
      backlog.giveBack(caller, waiting);
    };
  }

  /// Takes in a row of a batch that is no job: the batch itself, or why a line is none.
  ///
  /// @throws RefusedException 503 if there is no room
  void takeRow(String caller, Criticality criticality) throws RefusedException {
    requireDisk(criticality);
    requireTaken(stored.take(caller, null, criticality, ROW_BYTES));
  }

  /// Takes in why a line is no job: it counts as one that waits does, too, until those are counted
  /// anew, so that nobody comes with them faster than with work.
  ///
  /// @throws RefusedException 503 if there is no room
  void takeRefusal(String caller, Criticality criticality) throws RefusedException {
    takeRow(caller, criticality);
    if (!backlog.take(caller, criticality, ROW_BYTES)) {
      stored.giveBack(caller, null, ROW_BYTES);
      throw tooMuchWaits();
    }
  }

  /// Gives back what was taken for a line that is no job and does not come to the store.
  void giveBackRefusal(String caller) {
    stored.giveBack(caller, null, ROW_BYTES);
    backlog.giveBack(caller, ROW_BYTES);
  }

  /// Takes in what waits and is kept already.
  ///
  /// @param input how large its input is
  /// @return gives the room back, where it does not wait
  /// @throws RefusedException 503 if there is no room
  Reservation takeWaiting(String caller, Criticality criticality, int input)
      throws RefusedException {
    requireDisk(criticality);
    long bytes = input + ROW_BYTES;
    if (!backlog.take(caller, criticality, bytes)) {
      throw tooMuchWaits();
    }
    return () -> backlog.giveBack(caller, bytes);
  }

  /// Reserves room for what is to be kept once the model has worked for it.
  ///
  /// @return gives the room back, when that is kept or will not be
  /// @throws RefusedException 503 if there is none, 429 if the study has all it may have
  Reservation reserve(String caller, @Nullable String study, Criticality criticality, int input)
      throws RefusedException {
    requireDisk(criticality);
    long bytes = input + ROW_BYTES;
    requireTaken(stored.reserve(caller, study, criticality, bytes));
    return () -> stored.release(caller, study, bytes);
  }

  /// Tells whether what is refused may be taken soon: what waits goes as work is done, what is kept
  /// goes with time only.
  static boolean mayPassSoon(Refusal refusal) {
    return refusal.retryAfterNanos() < KEPT_RETRY_NANOS;
  }

  /// Tells that a count of the store begins.
  void counting() {
    backlog.counting();
    stored.counting();
  }

  /// Sets what the store has counted.
  void counted(JobCensus census) {
    backlog.counted(census.waitingBytes());
    stored.counted(census.storedBytes(), census.storedBytesByStudy());
  }

  private static void requireTaken(StoredBytes.Answer answer) throws RefusedException {
    switch (answer) {
      case TAKEN -> {}
      case STUDY_FULL ->
          throw new RefusedException(
              new Refusal(
                  429,
                  "quota",
                  KEPT_RETRY_NANOS,
                  "the study's jobs take all the room that it may have (analysis.studyBytesMax);"
                      + " there is more as they expire, or once the operator gives it"));
      case FULL ->
          throw new RefusedException(
              new Refusal(
                  503,
                  JobBook.INTAKE_FULL,
                  KEPT_RETRY_NANOS,
                  "so much is kept already that there is no room for this"
                      + " (analysis.storedBytesMax); there is more as jobs expire, or once the"
                      + " operator gives it"));
    }
  }

  /// Makes sure that there is room on the disk.
  ///
  /// @throws RefusedException 503 if there is none
  void requireDisk(Criticality criticality) throws RefusedException {
    if (!disk.hasRoom(criticality)) {
      throw new RefusedException(
          new Refusal(
              503,
              JobBook.INTAKE_FULL,
              RETRY_NANOS,
              "the store's disk is nearly full; the operator must make room; try again after"
                  + " Retry-After"));
    }
  }

  private static RefusedException tooMuchWaits() {
    return new RefusedException(
        new Refusal(
            503,
            JobBook.INTAKE_FULL,
            RETRY_NANOS,
            "so much waits already that there is no room for this; try again after Retry-After"));
  }

  private static long waitingBytes(NewJob job) {
    return job.submission().input().length + ROW_BYTES;
  }

  private static long storedBytes(NewJob job) {
    return job.bytes() + ROW_BYTES;
  }
}
