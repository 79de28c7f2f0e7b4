package triage.analysis;

import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import triage.admission.Criticality;
import triage.time.MonotonicClock;

/// Whether the store's disk has room for what is taken in: a store whose disk is full takes neither
/// jobs nor audit rows, and cannot even delete.
///
/// The disk is looked at twice a second at most. Below the least room that must be left only
/// [Criticality#CRITICAL_PLUS] is taken, down to half of it. A disk that cannot be looked at, as
/// that of an external store, has room.
///
/// PostgreSQL keeps the pages of deleted rows in its files: what they have room for counts as free,
/// but for the last half of the least, which only the disk itself can give: the log and the audit
/// trail grow, too.
///
/// **Threads**: safe for use by several threads, one of which may be held up by a look.
final class DiskRoom {
  private static final long LOOK_NANOS = 500_000_000L;

  private final Supplier<OptionalLong> freeBytes;
  private final long freeBytesMin;
  private final MonotonicClock clock;
  private final AtomicLong nextNanos;
  private volatile long free = Long.MAX_VALUE;
  private volatile long reusable;

  /// Makes a look-out.
  ///
  /// @param freeBytes how much is free, or nothing if that cannot be told
  /// @param freeBytesMin the least that must be left
  DiskRoom(Supplier<OptionalLong> freeBytes, long freeBytesMin, MonotonicClock clock) {
    this.freeBytes = freeBytes;
    this.freeBytesMin = freeBytesMin;
    this.clock = clock;
    this.nextNanos = new AtomicLong(clock.nanos());
  }

  /// Tells whether there is room for a submission.
  boolean hasRoom(Criticality criticality) {
    look();
    long least = criticality == Criticality.CRITICAL_PLUS ? freeBytesMin / 2 : freeBytesMin;
    long now = free;
    return now >= least || (now >= freeBytesMin / 2 && now + reusable >= least);
  }

  /// Tells whether the disk alone has too little room.
  boolean isShort() {
    look();
    return free < freeBytesMin;
  }

  /// Sets how many bytes fit into the files that are there.
  void reusable(long bytes) {
    reusable = bytes;
  }

  /// Gives how many bytes fit into the files that are there, as far as anybody had to know.
  long reusable() {
    return reusable;
  }

  private void look() {
    long dueNanos = nextNanos.get();
    long nowNanos = clock.nanos();
    if (nowNanos - dueNanos >= 0 && nextNanos.compareAndSet(dueNanos, nowNanos + LOOK_NANOS)) {
      free = freeBytes.get().orElse(Long.MAX_VALUE);
    }
  }
}
