package triage.store;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.time.MonotonicClock;

/// Writes rows of several kinds, as many as are waiting in one transaction, and acknowledges each
/// only after its commit.
///
/// One commit waits for the disk once, however many rows it carries: the more callers, the larger
/// the groups. Rows that somebody waits for go at once; those of a patient lane wait 10 ms for
/// company, unless such a row takes them along: a commit for each would cost as much as all else
/// that is done for a request. After an outage they let the others go before them, but for a
/// quarter of each group. Each kind has a lane of bounded length, so that one kind
/// never takes another's room, and a lane's room may be reserved before the work whose row it is
/// for.
///
/// **What it does about faults.** A fault of the store (connection lost, server starting, disk
/// full) keeps the rows and tries again, ever more slowly up to every 2 s, until they are written.
/// A commit whose acknowledgement was lost is repeated, too: rows carry ids, and an id that is
/// there already is left alone. A group that gave way to another transaction, as the loser of a
/// deadlock, is repeated at once; one that does so ten times in a row waits as for the store.
/// A fault of a row splits the group in halves until the bad row
/// stands alone; it fails, the others are written.
///
/// **Threads**: lanes are safe for use by several threads and never block; all writing is done by
/// one thread, `store-writer`, on a connection of its own. Receipts are called by that thread,
/// which holds no lock.
///
/// **See also**: [PromptLane], the way beside it while few wait.
public final class GroupCommitWriter implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(GroupCommitWriter.class);
  private static final int GROUP_ROWS_MAX = 1_000;
  private static final int URGENT_ROWS_MAX = GROUP_ROWS_MAX / 4 * 3;

  /// One more for each time that a group is split: it never grows, and so adding never fails.
  private static final int GROUPS_MAX = 16;

  private static final long PATIENCE_NANOS = Duration.ofMillis(10).toNanos();
  private static final long NOT_WAITING = Long.MIN_VALUE;
  private static final long NOTHING_TAKEN = Long.MIN_VALUE;
  private static final long BACKOFF_NANOS_MIN = Duration.ofMillis(50).toNanos();
  private static final long BACKOFF_NANOS_MAX = Duration.ofSeconds(2).toNanos();
  private static final int YIELDS_IN_A_ROW_MAX = 10;
  private static final Duration AFTER_AN_ERROR = Duration.ofSeconds(1);

  /// Runs work in a transaction of its own, on a connection that it reopens when it broke.
  interface Transactions extends AutoCloseable {
    void run(Consumer<Handle> work);

    @Override
    void close();
  }

  private record Waiting<T>(Lane<T> lane, T row, Receipt receipt) {}

  private final Transactions transactions;
  private final MonotonicClock clock;
  private final Thread thread;
  private final Queue<Waiting<?>> urgent = new ConcurrentLinkedQueue<>();
  private final Queue<Waiting<?>> patient = new ConcurrentLinkedQueue<>();
  private final LongAdder written = new LongAdder();
  private final LongAdder failed = new LongAdder();

  /// What was taken from the queue and is not settled yet. Confined to the writer's thread, like
  /// the next four.
  private final Deque<List<Waiting<?>>> groups = new ArrayDeque<>(GROUPS_MAX);

  private int yields;
  private long backoffNanos;
  private long retryAtNanos;
  private long companyUntilNanos = NOT_WAITING;

  /// Since when the writer has been at work on what it took, or [#NOTHING_TAKEN].
  private volatile long takenAtNanos = NOTHING_TAKEN;

  private volatile @Nullable String outage;
  private volatile boolean idle;
  private volatile boolean lingering;
  private volatile boolean closing;
  private volatile boolean ended;
  private volatile long closeByNanos;

  GroupCommitWriter(Transactions transactions, MonotonicClock clock) {
    this.transactions = transactions;
    this.clock = clock;
    this.thread = Thread.ofPlatform().daemon().name("store-writer").unstarted(this::write);
  }

  /// Starts the writer's thread.
  void start() {
    thread.start();
  }

  /// Makes a lane for rows of one kind.
  ///
  /// @param rowsMax how many rows may be reserved, waiting or in flight at once
  /// @throws IllegalArgumentException if `rowsMax` is not positive
  public <T> Lane<T> lane(RowKind<T> kind, int rowsMax) {
    return new Lane<>(kind, rowsMax, false);
  }

  /// Makes a lane for rows of a kind that nobody waits for: they are written within some 10 ms.
  ///
  /// @param rowsMax how many rows may be reserved, waiting or in flight at once
  /// @throws IllegalArgumentException if `rowsMax` is not positive
  public <T> Lane<T> patientLane(RowKind<T> kind, int rowsMax) {
    return new Lane<>(kind, rowsMax, true);
  }

  /// Gives how many rows were committed since the start.
  public long written() {
    return written.sum();
  }

  /// Gives how many rows were given up since the start.
  public long failed() {
    return failed.sum();
  }

  /// Gives why rows are being kept back just now, or null while the store takes them.
  public @Nullable String outage() {
    return outage;
  }

  /// Gives for how long the rows that were taken last have been on their way to the store, without
  /// an answer for all of them; 0 if there are none. What is handed in now waits behind them.
  public Duration delay() {
    long takenAt = takenAtNanos;
    return takenAt == NOTHING_TAKEN ? Duration.ZERO : Duration.ofNanos(clock.nanos() - takenAt);
  }

  /// Takes no more rows, writes those that wait, and ends the thread.
  ///
  /// @param max how long writing may still take; what waits then fails
  public void close(Duration max) {
    closeByNanos = clock.nanos() + max.toNanos();
    closing = true;
    LockSupport.unpark(thread);
    try {
      if (!thread.join(max.plusSeconds(1))) {
        LOG.error(
            "event=store-writer-stuck rows_unsettled_at_least={}", urgent.size() + patient.size());
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    if (!thread.isAlive()) {
      transactions.close();
    }
  }

  /// Closes with a bound of 10 s.
  @Override
  public void close() {
    close(Duration.ofSeconds(10));
  }

  /// Does what is due, and gives how long there is nothing to do: 0 when there is more at once,
  /// [Long#MAX_VALUE] when it takes a new row. Called by the writer's thread; tests call it in its
  /// place.
  long step(long nowNanos) {
    if (backoffNanos > 0 && nowNanos - retryAtNanos < 0) {
      return retryAtNanos - nowNanos;
    }
    if (groups.isEmpty()) {
      long patienceNanos = patienceNanos(nowNanos);
      if (patienceNanos > 0) {
        return patienceNanos;
      }
      if (!takeGroup()) {
        return Long.MAX_VALUE;
      }
      takenAtNanos = nowNanos;
    }
    List<Waiting<?>> group = groups.getFirst();
    try {
      transactions.run(handle -> insert(handle, group));
    } catch (RuntimeException failure) {
      if (StoreFault.isOfRivals(failure) && ++yields < YIELDS_IN_A_ROW_MAX) {
        LOG.debug("event=store-writer-yielded cause=\"{}\"", StoreFault.describe(failure));
        return 0;
      }
      if (!StoreFault.isOfRows(failure)) {
        return waitForStore(failure, nowNanos);
      }
      resume();
      setAside(group, failure);
      return 0;
    }
    resume();
    groups.removeFirst();
    if (groups.isEmpty()) {
      takenAtNanos = NOTHING_TAKEN;
    }
    for (int i = 0; i < group.size(); i++) {
      settle(group.get(i), null);
    }
    return 0;
  }

  /// Gives how long the rows that wait may wait for company still.
  private long patienceNanos(long nowNanos) {
    if (patient.isEmpty() || !urgent.isEmpty() || closing) {
      companyUntilNanos = NOT_WAITING;
      return 0;
    }
    if (companyUntilNanos == NOT_WAITING) {
      companyUntilNanos = nowNanos + PATIENCE_NANOS;
    }
    long leftNanos = companyUntilNanos - nowNanos;
    if (leftNanos <= 0) {
      companyUntilNanos = NOT_WAITING;
    }
    return Math.max(0, leftNanos);
  }

  private boolean takeGroup() {
    // It does not grow: what was polled is in it, whatever there is of memory.
    List<Waiting<?>> group = new ArrayList<>(GROUP_ROWS_MAX);
    take(urgent, URGENT_ROWS_MAX, group);
    take(patient, GROUP_ROWS_MAX, group);
    return !group.isEmpty() && groups.add(group);
  }

  private static void take(Queue<Waiting<?>> queue, int upTo, List<Waiting<?>> group) {
    while (group.size() < upTo) {
      Waiting<?> next = queue.poll();
      if (next == null) {
        return;
      }
      group.add(next);
    }
  }

  private static void insert(Handle handle, List<Waiting<?>> group) {
    Map<Lane<?>, List<Object>> rows = new LinkedHashMap<>();
    for (Waiting<?> waiting : group) {
      rows.computeIfAbsent(waiting.lane(), _ -> new ArrayList<>()).add(waiting.row());
    }
    rows.forEach((lane, ofLane) -> lane.insert(handle, ofLane));
  }

  /// Splits a group that has a bad row in it, or fails that row. Whatever is thrown, no row is left
  /// without its receipt.
  private void setAside(List<Waiting<?>> group, RuntimeException failure) {
    if (group.size() == 1) {
      String reason = StoreFault.describe(failure);
      groups.removeFirst();
      if (groups.isEmpty()) {
        takenAtNanos = NOTHING_TAKEN;
      }
      settle(group.getFirst(), reason);
      LOG.error("event=row-refused cause={}", reason);
      return;
    }
    int half = group.size() / 2;
    List<Waiting<?>> first = group.subList(0, half);
    List<Waiting<?>> second = group.subList(half, group.size());
    groups.removeFirst();
    groups.addFirst(second);
    groups.addFirst(first);
  }

  private long waitForStore(RuntimeException failure, long nowNanos) {
    String reason = StoreFault.describe(failure);
    if (outage == null) {
      LOG.error("event=store-writer-waiting cause=\"{}\"", reason);
    }
    outage = reason;
    backoffNanos = Math.clamp(2 * backoffNanos, BACKOFF_NANOS_MIN, BACKOFF_NANOS_MAX);
    retryAtNanos = nowNanos + backoffNanos;
    return backoffNanos;
  }

  /// The store answered, be it with a refusal.
  private void resume() {
    yields = 0;
    backoffNanos = 0;
    if (outage != null) {
      LOG.info("event=store-writer-resumed");
      outage = null;
    }
  }

  private void settle(Waiting<?> waiting, @Nullable String reason) {
    waiting.lane().release();
    try {
      if (reason == null) {
        written.increment();
        waiting.receipt().written();
      } else {
        failed.increment();
        waiting.receipt().failed(reason);
      }
    } catch (RuntimeException | Error e) {
      // The others of its group are told all the same: nobody would tell them later.
      report(e);
    }
  }

  private static void report(Throwable thrown) {
    try {
      LOG.error("event=receipt-threw", thrown);
    } catch (RuntimeException | Error _) {
      // There may be no memory for the words.
    }
  }

  private void write() {
    try {
      while (!done()) {
        try {
          park(step(clock.nanos()));
        } catch (RuntimeException | Error e) {
          // The rows are still there; perhaps memory is back in a moment.
          LOG.error("event=store-writer-error", e);
          LockSupport.parkNanos(AFTER_AN_ERROR.toNanos());
        }
      }
    } finally {
      ended = true;
      abandon();
    }
  }

  private boolean done() {
    return closing && (clock.nanos() - closeByNanos >= 0 || (nothingWaits() && groups.isEmpty()));
  }

  private boolean nothingWaits() {
    return urgent.isEmpty() && patient.isEmpty();
  }

  private void park(long waitNanos) {
    if (waitNanos == 0) {
      return;
    }
    if (companyUntilNanos != NOT_WAITING) {
      lingering = true;
      // An urgent row handed in before `lingering` was seen is in the queue; one after it wakes us.
      if (urgent.isEmpty() && !closing) {
        LockSupport.parkNanos(this, waitNanos);
      }
      lingering = false;
      return;
    }
    if (waitNanos != Long.MAX_VALUE) {
      // The store is away: new rows change nothing, so they do not wake.
      LockSupport.parkNanos(this, closing ? Math.min(waitNanos, BACKOFF_NANOS_MIN) : waitNanos);
      return;
    }
    idle = true;
    // A row handed in before `idle` was seen is in the queue; one handed in after it wakes us.
    if (nothingWaits() && !closing) {
      LockSupport.park(this);
    }
    idle = false;
  }

  /// Fails what nobody will write any more.
  private void abandon() {
    long lost = 0;
    for (List<Waiting<?>> group : groups) {
      for (Waiting<?> waiting : group) {
        settle(waiting, "closed before it could be written");
        lost++;
      }
    }
    groups.clear();
    lost += abandonQueues();
    if (lost > 0) {
      LOG.error("event=store-writer-closed rows_lost={}", lost);
    }
  }

  private long abandonQueues() {
    List<Waiting<?>> left = new ArrayList<>();
    take(urgent, Integer.MAX_VALUE, left);
    take(patient, Integer.MAX_VALUE, left);
    left.forEach(waiting -> settle(waiting, "closed before it could be written"));
    return left.size();
  }

  /// The way of one kind of rows into the writer, of bounded length.
  ///
  /// **Threads**: safe for use by several threads; nothing here blocks.
  ///
  /// @param <T> the row
  public final class Lane<T> {
    private final RowKind<T> kind;
    private final int rowsMax;
    private final boolean waits;
    private final AtomicInteger held = new AtomicInteger();

    private Lane(RowKind<T> kind, int rowsMax, boolean waits) {
      if (rowsMax < 1) {
        throw new IllegalArgumentException("rowsMax: " + rowsMax + " (expected: >= 1)");
      }
      this.kind = kind;
      this.rowsMax = rowsMax;
      this.waits = waits;
    }

    /// Takes room for one row, or says false: full, or closed. Room taken is given back by
    /// [#release], or by the writer once the row handed to [#submitReserved] is settled.
    public boolean reserve() {
      if (closing) {
        return false;
      }
      int now = held.get();
      while (now < rowsMax) {
        if (held.compareAndSet(now, now + 1)) {
          return true;
        }
        now = held.get();
      }
      return false;
    }

    /// Gives back room that was reserved and is not needed.
    public void release() {
      held.decrementAndGet();
    }

    /// Hands in a row for which room was reserved.
    public void submitReserved(T row, Receipt receipt) {
      (waits ? patient : urgent).add(new Waiting<>(this, row, receipt));
      if (idle || (lingering && !waits)) {
        LockSupport.unpark(thread);
      }
      if (ended) {
        abandonQueues();
      }
    }

    /// Hands in a row, or says false: full, or closed. The receipt is called only after true.
    public boolean submit(T row, Receipt receipt) {
      if (!reserve()) {
        return false;
      }
      submitReserved(row, receipt);
      return true;
    }

    /// Tells whether it takes no row any more, however much room there is.
    public boolean isClosed() {
      return closing;
    }

    /// Gives how many rows are reserved, waiting or in flight.
    public int held() {
      return held.get();
    }

    /// Gives how many rows there is room for.
    public int rowsMax() {
      return rowsMax;
    }

    // Only rows of this lane, which are T, stand under it in a group.
    @SuppressWarnings("unchecked")
    private void insert(Handle handle, List<Object> rows) {
      kind.insert(handle, (List<T>) rows);
    }
  }
}
