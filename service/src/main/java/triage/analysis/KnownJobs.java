package triage.analysis;

import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import triage.identity.Caller;
import triage.time.MonotonicClock;

/// What is known of jobs that callers ask for again and again, so that most of them are told
/// without the store that nothing has changed.
///
/// It is dropped when this or another instance tells of a change. News may get lost, so each second
/// one query looks whether all of it still holds; where that look fails or does not come, nothing
/// is known any more. What nobody asked for in 10 s is forgotten.
///
/// **Source**: decision 0025.
///
/// **Threads**: safe for use by several threads, none of which blocks here; [#look] is run by one.
final class KnownJobs {
  private static final int KNOWN_MAX = 10_000;
  private static final int STRIPES = 256;
  private static final long ASKED_NANOS = 10_000_000_000L;
  private static final long LOOK_NANOS_MAX = 2_500_000_000L;

  private final MonotonicClock clock;
  private final ConcurrentHashMap<UUID, Known> known = new ConcurrentHashMap<>();

  /// Counts the changes told of, by parts of the jobs: what was read before one is not kept.
  private final AtomicLongArray changes = new AtomicLongArray(STRIPES);

  private volatile long lookedNanos;

  KnownJobs(MonotonicClock clock) {
    this.clock = clock;
    this.lookedNanos = clock.nanos() - LOOK_NANOS_MAX;
  }

  /// What is known of one job.
  private static final class Known {
    private final long revision;
    private final String tag;
    private final String caller;
    private final @Nullable String study;
    private volatile long askedNanos;

    private Known(Job job, String tag, long askedNanos) {
      this.revision = job.revision();
      this.tag = tag;
      this.caller = job.caller();
      this.study = job.submission().study();
      this.askedNanos = askedNanos;
    }
  }

  /// Gives the tag of a job of this caller as it is in the store, or `null` if it is not known.
  @Nullable String tag(UUID job, Caller caller) {
    Known found = known.get(job);
    long nowNanos = clock.nanos();
    if (found == null
        || nowNanos - lookedNanos > LOOK_NANOS_MAX
        || !found.caller.equals(caller.name())
        || (found.study != null && !caller.maySee(found.study))) {
      return null;
    }
    found.askedNanos = nowNanos;
    return found.tag;
  }

  /// Gives what [#keep] is to be given, before the job is read.
  long before(UUID job) {
    return changes.get(stripe(job));
  }

  /// Keeps what was read, unless a change was told of meanwhile.
  void keep(Job job, String tag, long before) {
    if (known.size() < KNOWN_MAX && changes.get(stripe(job.id())) == before) {
      known.put(job.id(), new Known(job, tag, clock.nanos()));
      if (changes.get(stripe(job.id())) != before) {
        known.remove(job.id());
      }
    }
  }

  /// Forgets what has changed.
  void changed(Collection<UUID> jobs) {
    for (UUID job : jobs) {
      changes.incrementAndGet(stripe(job));
      known.remove(job);
    }
  }

  /// Looks whether all that is known still holds.
  ///
  /// @param store gives the revisions of those of the jobs that there are
  void look(Function<Collection<UUID>, Map<UUID, Long>> store) {
    long nowNanos = clock.nanos();
    known.values().removeIf(job -> nowNanos - job.askedNanos > ASKED_NANOS);
    try {
      Set<UUID> ids = Set.copyOf(known.keySet());
      Map<UUID, Long> revisions = ids.isEmpty() ? Map.of() : store.apply(ids);
      for (UUID id : ids) {
        known.computeIfPresent(
            id, (job, now) -> now.revision == revisions.getOrDefault(job, -1L) ? now : null);
      }
      lookedNanos = nowNanos;
    } catch (RuntimeException e) {
      known.clear();
      throw e;
    }
  }

  private static int stripe(UUID job) {
    return Math.floorMod(job.hashCode(), STRIPES);
  }
}
