package triage.analysis;

import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The jobs whose leases this instance keeps, each with what completes when the work on it is to be
/// given up.
///
/// A job that was taken back, since its lease was renewed too late, may be claimed anew by the very
/// instance that still works on it. The newer hold is then the job's only one: whoever held it
/// before is told to give up, and when that one lets go, the newer stays.
///
/// **Threads**: safe for use by several threads; nothing here blocks.
final class HeldJobs {
  private final Map<UUID, CompletableFuture<@Nullable Void>> held = new ConcurrentHashMap<>();

  /// Holds a job from here on, and gives what completes when the work on it is to be given up.
  CompletableFuture<@Nullable Void> hold(UUID job) {
    CompletableFuture<@Nullable Void> gone = new CompletableFuture<>();
    CompletableFuture<@Nullable Void> older = held.put(job, gone);
    if (older != null) {
      older.complete(null);
    }
    return gone;
  }

  /// Holds a job no longer, unless it has been held anew since.
  ///
  /// @param gone what [#hold] gave
  void letGo(UUID job, CompletableFuture<@Nullable Void> gone) {
    held.remove(job, gone);
  }

  /// Holds a job no longer that only one can have held.
  void letGo(UUID job) {
    held.remove(job);
  }

  /// Gives up the work on a job, if it is held.
  void giveUp(UUID job) {
    CompletableFuture<@Nullable Void> gone = held.get(job);
    if (gone != null) {
      gone.complete(null);
    }
  }

  /// Gives up the work on all of them.
  void giveUpAll() {
    held.values().forEach(gone -> gone.complete(null));
  }

  boolean isEmpty() {
    return held.isEmpty();
  }

  /// Tells whether one of these is held.
  boolean holdsAnyOf(Collection<UUID> jobs) {
    return jobs.stream().anyMatch(held::containsKey);
  }

  /// Gives them as they are just now, each with what [#hold] gave.
  Map<UUID, CompletableFuture<@Nullable Void>> all() {
    return Map.copyOf(held);
  }

  /// Gives which they are just now.
  Set<UUID> ids() {
    return Set.copyOf(held.keySet());
  }
}
