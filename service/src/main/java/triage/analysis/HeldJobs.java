package triage.analysis;

import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The jobs whose leases this instance keeps, each with the number of its claim and with what
/// completes when the work on it is to be given up.
///
/// A job that was taken back, since its lease was renewed too late, may be claimed anew by the very
/// instance that still works on it. The newer hold is then the job's only one: whoever held it
/// before is told to give up, and when that one lets go, the newer stays.
///
/// **Threads**: safe for use by several threads; nothing here blocks.
final class HeldJobs {
  private final Map<UUID, Hold> held = new ConcurrentHashMap<>();

  /// One job as it is held.
  ///
  /// @param fence the number of the claim
  /// @param gone completes when the work on it is to be given up
  record Hold(long fence, CompletableFuture<@Nullable Void> gone) {}

  /// Holds a job from here on.
  ///
  /// @param fence the number of the claim
  Hold hold(UUID job, long fence) {
    Hold now = new Hold(fence, new CompletableFuture<>());
    Hold older = held.put(job, now);
    if (older != null) {
      older.gone().complete(null);
    }
    return now;
  }

  /// Holds a job no longer, unless it has been held anew since.
  ///
  /// @param then what [#hold] gave
  void letGo(UUID job, Hold then) {
    held.remove(job, then);
  }

  /// Gives up the work on a job, if it is held.
  void giveUp(UUID job) {
    Hold now = held.get(job);
    if (now != null) {
      now.gone().complete(null);
    }
  }

  /// Gives up the work on all of them.
  void giveUpAll() {
    held.values().forEach(now -> now.gone().complete(null));
  }

  boolean isEmpty() {
    return held.isEmpty();
  }

  /// Tells whether one of these is held.
  boolean holdsAnyOf(Collection<UUID> jobs) {
    return jobs.stream().anyMatch(held::containsKey);
  }

  /// Gives them as they are just now.
  Map<UUID, Hold> all() {
    return Map.copyOf(held);
  }

  /// Gives which they are just now.
  Set<UUID> ids() {
    return Set.copyOf(held.keySet());
  }
}
