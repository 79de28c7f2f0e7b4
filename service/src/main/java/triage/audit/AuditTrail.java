package triage.audit;

import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.store.GroupCommitWriter;
import triage.store.Receipt;
import triage.store.RowIds;

/// The audit trail: one row an exchange, one row for many sheds alike, one for each change by an
/// operator, one for what could not be kept. It cannot be switched off.
///
/// Room for an exchange's row is taken before its work begins and held until the row is committed,
/// so that a row once owed always finds its place. While the store is away the room fills up; then
/// new exchanges are refused, or, where the settings say so, go on uncounted by rows, and a gap row
/// says how many and when. A row that the store refuses leaves a gap row, too.
///
/// What is counted in memory only (sheds of up to 10 s, open gaps) is lost with a killed process.
///
/// **Threads**: safe for use by several threads, none of which ever blocks; one thread of its own,
/// `audit-flush`, hands over sheds and gaps once a second.
public final class AuditTrail implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AuditTrail.class);
  private static final Duration FLUSH_PERIOD = Duration.ofSeconds(1);
  private static final int GAP_ROWS_MAX = 64;
  private static final int CHANGES_MAX = 64;

  private final AuditSettings settings;
  private final RowIds ids;
  private final InstantSource clock;
  private final GroupCommitWriter.Lane<AuditRow> exchanges;
  private final GroupCommitWriter.Lane<ShedRow> sheds;
  private final GroupCommitWriter.Lane<GapRow> gapRows;
  private final GroupCommitWriter.Lane<ChangeRow> changes;
  private final GapLedger gaps = new GapLedger();
  private final ShedLedger shedLedger;
  private final LongAdder written = new LongAdder();
  private final LongAdder refused = new LongAdder();
  private final ScheduledThreadPoolExecutor flusher =
      new ScheduledThreadPoolExecutor(
          1, Thread.ofPlatform().daemon().name("audit-flush").factory());

  /// Makes the trail; [#start] starts its thread.
  ///
  /// @param writer what its rows are written through; it is closed after the trail
  /// @param clock the wall clock that dates sheds and gaps
  public AuditTrail(
      GroupCommitWriter writer, AuditSettings settings, RowIds ids, InstantSource clock) {
    this.settings = settings;
    this.ids = ids;
    this.clock = clock;
    this.exchanges = writer.patientLane(new ExchangeDao(), settings.bufferRows());
    this.sheds = writer.patientLane(new ShedDao(), 2 * settings.shedKeys());
    this.gapRows = writer.patientLane(new GapDao(), GAP_ROWS_MAX);
    this.changes = writer.lane(new ChangeDao(), CHANGES_MAX);
    this.shedLedger = new ShedLedger(settings.shedKeys(), gaps);
  }

  /// Starts handing over sheds and gaps once a second.
  public void start() {
    var _ =
        flusher.scheduleWithFixedDelay(
            this::flushSafely,
            FLUSH_PERIOD.toMillis(),
            FLUSH_PERIOD.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  /// Gives an id for a row, greater than all before it.
  public UUID newId() {
    return ids.next();
  }

  /// Takes the right to one row, before the work whose row it is begins. Empty: the buffer is full,
  /// and the work must be refused.
  public Optional<Slot> reserve() {
    if (exchanges.reserve()) {
      return Optional.of(new Slot(true));
    }
    return switch (settings.onFull()) {
      case REFUSE -> {
        refused.increment();
        yield Optional.empty();
      }
      case COUNT -> Optional.of(new Slot(false));
    };
  }

  /// Gives back a slot whose work came to nothing. Does nothing with a slot that is used up, so
  /// that it may stand in a `finally`.
  public void release(Slot slot) {
    if (slot.use() && slot.hasRoom()) {
      exchanges.release();
    }
  }

  /// Hands in the row of an exchange. It is written at once while the store is there; who has to
  /// wait for that takes [#recordDurably].
  ///
  /// @throws IllegalStateException if the slot is used up
  public void record(Slot slot, AuditRow row) {
    record(slot, row, null);
  }

  /// Hands in the row of an exchange, and gives a future that completes once it is committed, or
  /// counted where the settings allow that. It fails with a [triage.store.RowFailedException] when
  /// the store refuses the row; a gap row then stands for it.
  ///
  /// @throws IllegalStateException if the slot is used up
  public CompletableFuture<Void> recordDurably(Slot slot, AuditRow row) {
    CompletableFuture<Void> future = new CompletableFuture<>();
    record(slot, row, Receipt.completing(future));
    return future;
  }

  /// Counts a shed: it becomes one row with all others alike within 10 s.
  ///
  /// @param caller who was shed; `unattributed` where the door did not know
  /// @param study on whose behalf, if that is known
  /// @param reason one of the reasons that a refused caller learns
  public void shed(String caller, @Nullable String study, String model, String reason) {
    shedLedger.count(new ShedKey(caller, study, model, reason), clock.instant());
  }

  /// Gives the row of a change, to be inserted in the transaction that makes it: then
  /// there is neither without the other.
  ///
  /// @param caller who changes it
  /// @param setting what kind of thing is changed, such as `job`
  /// @param target which one
  public ChangeRow changeRow(String caller, String setting, String target, String from, String to) {
    return new ChangeRow(ids.next(), clock.instant(), caller, setting, target, from, to);
  }

  /// Writes down what an operator changes, and gives a future that completes once it is committed.
  /// Empty: there is no room, and the change must not be made.
  ///
  /// @param caller who changes it
  /// @param setting what kind of thing is changed, such as `mode`
  /// @param target of which part, such as `door`
  public Optional<CompletableFuture<Void>> change(
      String caller, String setting, String target, String from, String to) {
    CompletableFuture<Void> committed = new CompletableFuture<>();
    ChangeRow row = changeRow(caller, setting, target, from, to);
    Receipt receipt =
        new Receipt() {
          @Override
          public void written() {
            committed.complete(null);
          }

          @Override
          public void failed(String reason) {
            gaps.count(GapCause.ROW_REFUSED, row.changedAt(), 1);
            committed.completeExceptionally(new IllegalStateException(reason));
          }
        };
    return changes.submit(row, receipt) ? Optional.of(committed) : Optional.empty();
  }

  /// Gives how many exchanges hold room: under way, or their row not yet committed.
  public int buffered() {
    return exchanges.held();
  }

  /// Gives how many rows of exchanges were committed since the start.
  public long written() {
    return written.sum();
  }

  /// Gives how many exchanges were refused for want of room since the start.
  public long refused() {
    return refused.sum();
  }

  /// Gives how much is missing from the trail since the start, and counted in gap rows.
  public long gaps() {
    return gaps.counted();
  }

  /// Hands over what is counted, also of the window that has not ended, and ends the thread. The
  /// writer, closed next, writes it.
  @Override
  public void close() {
    flusher.shutdownNow();
    try {
      flusher.awaitTermination(1, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    shedLedger.handOverAll(this::submit);
    flushGaps();
  }

  /// Hands over the windows that have ended, and the gaps that can be closed: those of exchanges
  /// only once there is room again. Called once a second by the trail's thread.
  void flush() {
    shedLedger.handOver(clock.instant(), this::submit);
    if (exchanges.held() < exchanges.rowsMax()) {
      flushGaps();
    }
  }

  private void record(Slot slot, AuditRow row, @Nullable Receipt then) {
    if (!slot.use()) {
      throw new IllegalStateException("slot: used up (expected: one row a slot)");
    }
    if (slot.hasRoom() || exchanges.reserve()) {
      exchanges.submitReserved(row, receipt(then));
      return;
    }
    gaps.count(GapCause.BUFFER_FULL, clock.instant(), 1);
    if (then != null) {
      then.written();
    }
  }

  private Receipt receipt(@Nullable Receipt then) {
    return new Receipt() {
      @Override
      public void written() {
        written.increment();
        if (then != null) {
          then.written();
        }
      }

      @Override
      public void failed(String reason) {
        gaps.count(GapCause.ROW_REFUSED, clock.instant(), 1);
        if (then != null) {
          then.failed(reason);
        }
      }
    };
  }

  private boolean submit(ShedLedger.Count count) {
    return sheds.submit(
        new ShedRow(ids.next(), count),
        new Receipt() {
          @Override
          public void written() {}

          @Override
          public void failed(String reason) {
            gaps.count(GapCause.SHEDS_UNCOUNTED, count.windowStart(), count.n());
          }
        });
  }

  private void flushGaps() {
    for (GapLedger.Gap gap : gaps.take()) {
      boolean taken =
          gapRows.submit(
              new GapRow(ids.next(), gap),
              new Receipt() {
                @Override
                public void written() {
                  LOG.warn(
                      "event=audit-gap cause={} n={} from={} to={}",
                      gap.cause(),
                      gap.n(),
                      gap.from(),
                      gap.to());
                }

                @Override
                public void failed(String reason) {
                  gaps.putBack(gap);
                }
              });
      if (!taken) {
        gaps.putBack(gap);
      }
    }
  }

  private void flushSafely() {
    try {
      flush();
    } catch (RuntimeException e) {
      // Thrown further, it would end the schedule.
      LOG.error("event=audit-flush-failed", e);
    }
  }
}
