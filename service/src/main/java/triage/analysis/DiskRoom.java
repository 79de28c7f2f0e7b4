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
/// **Threads**: safe for use by several threads, one of which may be held up by a look.
final class DiskRoom {
  private static final long LOOK_NANOS = 500_000_000L;

  private final Supplier<OptionalLong> freeBytes;
  private final long freeBytesMin;
  private final MonotonicClock clock;
  private final AtomicLong nextNanos;
  private volatile long free = Long.MAX_VALUE;

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
    long dueNanos = nextNanos.get();
    long nowNanos = clock.nanos();
    if (nowNanos - dueNanos >= 0 && nextNanos.compareAndSet(dueNanos, nowNanos + LOOK_NANOS)) {
      free = freeBytes.get().orElse(Long.MAX_VALUE);
    }
    return free >= (criticality == Criticality.CRITICAL_PLUS ? freeBytesMin / 2 : freeBytesMin);
  }
}
