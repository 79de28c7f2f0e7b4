package triage.analysis;

import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import triage.gateway.NativeCall;
import triage.time.MonotonicClock;

/// Waits for jobs to end, each time for a caller that may hang up meanwhile: whoever has gone keeps
/// no place.
///
/// **Threads**: safe for use by several threads, which it blocks.
final class JobWait {
  private final JobDao dao;
  private final Waiters waiters;
  private final MonotonicClock clock;

  JobWait(JobDao dao, Waiters waiters, MonotonicClock clock) {
    this.dao = dao;
    this.waiters = waiters;
    this.clock = clock;
  }

  /// Gives a job once it has ended, or as it is after `patience`, or once waiters are sent away or
  /// the caller has hung up; nothing if there is none.
  ///
  /// @param call its body has been read to its end
  Optional<Job> await(NativeCall call, UUID id, Duration patience) {
    Place place = new Place();
    try (NativeCall.Watch _ = call.watch(place::leave)) {
      return await(place, id, clock.nanos() + patience.toNanos());
    }
  }

  private Optional<Job> await(Place place, UUID id, long deadlineNanos) {
    while (true) {
      CountDownLatch latch = waiters.waitFor(id);
      place.latch = latch;
      try {
        Optional<Job> found = dao.find(id);
        long leftNanos = deadlineNanos - clock.nanos();
        if (found.isEmpty()
            || found.get().state().isFinal()
            || leftNanos <= 0
            || place.left
            || waiters.areSentAway()) {
          return found;
        }
        if (!latch.await(leftNanos, TimeUnit.NANOSECONDS)) {
          return dao.find(id);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return dao.find(id);
      } finally {
        waiters.giveBack(id, latch);
      }
    }
  }

  /// Where a caller waits. The latch is set before it is asked whether the caller has left, and
  /// the other way round by who leaves: one of them sees the other.
  private static final class Place {
    private volatile @Nullable CountDownLatch latch;
    private volatile boolean left;

    private void leave() {
      left = true;
      CountDownLatch waiting = latch;
      if (waiting != null) {
        waiting.countDown();
      }
    }
  }
}
