package triage.analysis;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.store.StoreException;
import triage.time.MonotonicClock;

/// Deletes jobs that ended long enough ago, and batches of which no job is left.
///
/// It deletes a small lot at a time and rests after each for as long as that took: half the time of
/// one connection at most, and as many rows as the store makes of it, so that it keeps up with what
/// is taken in. Once no lot is full it looks again after 5 s.
///
/// Batches are gone through from the oldest on, a few at a time, so that those whose jobs are kept
/// for longer, as a study may ask, cost one look a round each.
///
/// **Threads**: its own is `job-retention`, which [#start] starts and [#close] ends.
final class Retention implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Retention.class);
  private static final int JOBS_MOST = 500;
  private static final int BATCHES_MOST = 50;
  private static final long LOOK_NANOS = 5_000_000_000L;
  private static final long ROUND_NANOS = 10_000_000_000L;
  private static final Duration CLOSE_MAX = Duration.ofSeconds(2);

  private final JobDao jobs;
  private final BatchDao batches;
  private final Reclaim reclaim;
  private final AnalysisSettings settings;
  private final MonotonicClock clock;
  private final Thread thread =
      Thread.ofPlatform().daemon().name("job-retention").unstarted(this::run);
  private volatile boolean closing;

  /// The batch that was looked at last in this round; `null` between rounds. Confined to the
  /// thread, like the next one.
  private BatchDao.@Nullable Place place;

  private long nextRoundNanos;

  Retention(
      JobDao jobs,
      BatchDao batches,
      Reclaim reclaim,
      AnalysisSettings settings,
      MonotonicClock clock) {
    this.jobs = jobs;
    this.batches = batches;
    this.reclaim = reclaim;
    this.settings = settings;
    this.clock = clock;
    this.nextRoundNanos = clock.nanos();
  }

  void start() {
    thread.start();
  }

  /// Deletes nothing more.
  @Override
  public void close() {
    closing = true;
    LockSupport.unpark(thread);
    try {
      thread.join(CLOSE_MAX);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    while (!closing) {
      long begunNanos = clock.nanos();
      boolean more = false;
      try {
        more = delete();
      } catch (StoreException e) {
        LOG.debug("event=job-retention-waits cause=\"{}\"", e.getMessage());
      } catch (RuntimeException | Error e) {
        LOG.error("event=job-retention-failed", e);
      }
      if (!closing) {
        LockSupport.parkNanos(this, more ? clock.nanos() - begunNanos : LOOK_NANOS);
      }
    }
  }

  /// Deletes one lot of each, looks after the room that they leave, and tells whether there may be
  /// more. Called by the thread; tests call it in its place.
  boolean delete() {
    int ended = jobs.forget(settings.keepFor(), settings.studyKeepFor(), JOBS_MOST);
    reclaim.look(ended > 0);
    boolean moreBatches = deleteBatches();
    return ended == JOBS_MOST || moreBatches;
  }

  private boolean deleteBatches() {
    if (place == null) {
      if (clock.nanos() - nextRoundNanos < 0) {
        return false;
      }
      nextRoundNanos = clock.nanos() + ROUND_NANOS;
    }
    place = batches.forget(settings.keepFor(), place, BATCHES_MOST);
    return place != null;
  }
}
