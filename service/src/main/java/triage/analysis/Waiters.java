package triage.analysis;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;

/// Who waits for which job to end. Once they are sent away, nobody waits any more.
///
/// **Threads**: safe for use by several threads, none of which blocks here.
final class Waiters {
  private final ConcurrentHashMap<UUID, List<CountDownLatch>> byJob = new ConcurrentHashMap<>();
  private volatile boolean sentAway;

  /// Gives a latch that opens when the job may have ended. It must be given back.
  CountDownLatch waitFor(UUID job) {
    CountDownLatch latch = new CountDownLatch(1);
    byJob.merge(job, List.of(latch), Waiters::joined);
    if (sentAway) {
      // Whoever set this may have looked before the latch was there.
      latch.countDown();
    }
    return latch;
  }

  /// Takes a latch back.
  void giveBack(UUID job, CountDownLatch latch) {
    byJob.computeIfPresent(
        job,
        (id, latches) -> {
          List<CountDownLatch> left =
              latches.stream().filter(other -> !other.equals(latch)).toList();
          return left.isEmpty() ? null : left;
        });
  }

  /// Opens the latches of those who wait for these jobs.
  void wake(Collection<UUID> jobs) {
    for (UUID job : jobs) {
      byJob.getOrDefault(job, List.of()).forEach(CountDownLatch::countDown);
    }
  }

  /// Opens all latches, also those that are asked for from now on.
  void sendAway() {
    sentAway = true;
    wake(awaited());
  }

  /// Tells whether nobody is to wait any more.
  boolean areSentAway() {
    return sentAway;
  }

  /// Gives the jobs that somebody waits for.
  Set<UUID> awaited() {
    return Set.copyOf(byJob.keySet());
  }

  private static List<CountDownLatch> joined(List<CountDownLatch> some, List<CountDownLatch> more) {
    return Stream.concat(some.stream(), more.stream()).toList();
  }
}
