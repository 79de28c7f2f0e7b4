package triage.analysis;

import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import triage.gateway.RefusedException;
import triage.store.GroupCommitWriter;
import triage.store.GroupCommitWriter.Lane;
import triage.store.Receipt;

/// The way of all batches into the store: so many lines at once that a commit is well filled, and
/// no more, so that a submission that stands alone never waits long behind them.
///
/// **Threads**: safe for use by several threads, which it blocks while there is no room: that is
/// what holds back an upload that is faster than the store.
final class BatchIntake {
  private static final int ROWS_MAX = 512;
  private static final int KIBIBYTES_MAX = 16 << 10;
  private static final Duration ROOM_MAX = Duration.ofSeconds(10);

  private final Lane<UploadedRow<NewJob>> jobs;
  private final Lane<UploadedRow<RefusedLine>> refusals;
  private final Semaphore rows = new Semaphore(ROWS_MAX, true);
  private final Semaphore kibibytes = new Semaphore(KIBIBYTES_MAX, true);

  BatchIntake(GroupCommitWriter writer) {
    this.jobs = writer.lane(new UploadedRowDao<>(new NewJobDao()), ROWS_MAX);
    this.refusals = writer.lane(new UploadedRowDao<>(new RefusedLineDao()), ROWS_MAX);
  }

  /// What one upload has handed in and the store has not settled yet.
  ///
  /// **Threads**: used by the upload's thread, and by the writer's.
  static final class UnderWay {
    private final Semaphore rows = new Semaphore(ROWS_MAX);
    private final UUID batch;
    private final UUID uploader;
    private volatile boolean failed;
    private boolean late;

    /// Begins with nothing.
    UnderWay(UUID batch, UUID uploader) {
      this.batch = batch;
      this.uploader = uploader;
    }

    /// Waits until all is committed. Once that took too long it is not waited for again.
    ///
    /// @throws RefusedException 503 if something is not, or not in time
    void await() throws RefusedException {
      if (late || !within(rows, ROWS_MAX)) {
        late = true;
        throw JobBook.intakeFull();
      }
      rows.release(ROWS_MAX);
      if (failed) {
        throw JobBook.intakeFull();
      }
    }
  }

  /// Hands in a job, once there is room.
  ///
  /// @throws RefusedException 503 if there is none in time
  void take(NewJob job, UnderWay upload) throws RefusedException {
    submit(jobs, job, job.submission().input().length, upload);
  }

  /// Hands in why a line is no job, once there is room.
  ///
  /// @throws RefusedException 503 if there is none in time
  void refuse(RefusedLine line, UnderWay upload) throws RefusedException {
    submit(refusals, line, 0, upload);
  }

  private <T> void submit(Lane<UploadedRow<T>> lane, T row, int bytes, UnderWay upload)
      throws RefusedException {
    if (upload.failed || !within(upload.rows, 1)) {
      throw JobBook.intakeFull();
    }
    if (!within(rows, 1)) {
      upload.rows.release();
      throw JobBook.intakeFull();
    }
    int weight = Math.min(KIBIBYTES_MAX, 1 + (bytes >> 10));
    if (!within(kibibytes, weight)) {
      rows.release();
      upload.rows.release();
      throw JobBook.intakeFull();
    }
    Receipt receipt =
        new Receipt() {
          @Override
          public void written() {
            kibibytes.release(weight);
            rows.release();
            upload.rows.release();
          }

          @Override
          public void failed(String reason) {
            upload.failed = true;
            written();
          }
        };
    if (!lane.submit(new UploadedRow<>(upload.batch, upload.uploader, row), receipt)) {
      receipt.failed("closed");
      throw JobBook.intakeFull();
    }
  }

  private static boolean within(Semaphore room, int permits) {
    try {
      return room.tryAcquire(permits, ROOM_MAX.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
