package triage.analysis;

import java.sql.SQLException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.admission.Criticality;
import triage.store.TableRoom;
import triage.time.MonotonicClock;

/// Makes room that deleted jobs have left usable again while the disk is short, and tells how much
/// of it there is.
///
/// PostgreSQL does so by itself once a fifth of a table is gone; while nothing is taken in, that
/// may never come. So what was deleted is swept up here, once a minute at most.
///
/// **Errors**: where the store does not answer it says so in the log, once, and looks again later.
///
/// **Threads**: confined to one thread, which it blocks for a look; sweeping takes as long as
/// reading the table, and is another's.
final class Reclaim {
  private static final Logger LOG = LoggerFactory.getLogger(Reclaim.class);
  private static final long LOOK_NANOS = 5_000_000_000L;
  private static final long SWEEP_NANOS = 60_000_000_000L;

  private final DiskRoom disk;
  private final @Nullable TableRoom table;
  private final MonotonicClock clock;
  private final Executor sweeper;
  private final AtomicBoolean sweeping = new AtomicBoolean();
  private volatile boolean unswept = true; // What the last run deleted is not known.
  private volatile boolean failed;
  private long nextLookNanos;
  private long nextSweepNanos;

  /// Makes one.
  ///
  /// @param table the table of the jobs; `null` for an external store, whose disk is not ours
  /// @param sweeper runs a sweep
  Reclaim(DiskRoom disk, @Nullable TableRoom table, MonotonicClock clock, Executor sweeper) {
    this.disk = disk;
    this.table = table;
    this.clock = clock;
    this.sweeper = sweeper;
    this.nextLookNanos = clock.nanos();
    this.nextSweepNanos = clock.nanos();
  }

  /// Looks after the room, now that rows have been deleted or not.
  void look(boolean deleted) {
    unswept |= deleted;
    TableRoom room = table;
    if (room == null) {
      return;
    }
    if (!disk.isShort()) {
      disk.reusable(0);
      return;
    }
    if (clock.nanos() - nextLookNanos < 0) {
      return;
    }
    nextLookNanos = clock.nanos() + LOOK_NANOS;
    measure(room);
    boolean due = unswept && clock.nanos() - nextSweepNanos >= 0;
    if (due && !disk.hasRoom(Criticality.SHEDDABLE) && sweeping.compareAndSet(false, true)) {
      nextSweepNanos = clock.nanos() + SWEEP_NANOS;
      sweeper.execute(() -> sweep(room));
    }
  }

  /// What an open snapshot still sees is not swept up: where nothing came of it, it is tried again.
  private void sweep(TableRoom room) {
    try {
      long before = disk.reusable();
      unswept = false;
      room.sweep();
      measure(room);
      unswept |= disk.reusable() <= before;
      LOG.info("event=job-room-swept reusableBytes={}", disk.reusable());
    } catch (SQLException e) {
      unswept = true;
      tell(e);
    } finally {
      sweeping.set(false);
    }
  }

  private void measure(TableRoom room) {
    try {
      disk.reusable(room.bytes());
      failed = false;
    } catch (SQLException e) {
      tell(e);
    }
  }

  private void tell(SQLException e) {
    if (!failed) {
      failed = true;
      LOG.warn(
          "event=job-room-unknown cause=\"{}\" do=\"make room on the disk of the store\"",
          e.getClass().getSimpleName() + " " + e.getSQLState());
    }
  }
}
