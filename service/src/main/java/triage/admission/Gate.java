package triage.admission;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The gate of a model version: one queue in front of all its backends.
///
/// A request is *offered* with a [Ticket] and is admitted to a backend at once, waits, or is shed.
/// A permit is given back by *settling* the ticket. Each call takes the present time and decides
/// whatever that time has made decidable; tickets that were waiting and have been decided by a call
/// are handed out by [#takeDecided()], for the owner to act upon once it has released its lock.
///
/// The order is criticality first, then arrival. A request whose deadline cannot be met any more is
/// not queued: it would only delay those who can still be served in time. When the queue is full, a
/// newcomer takes the place of the newest ticket of the least critical class below its own.
///
/// Invariants: nobody is admitted to a backend that holds its limit already; a ticket ends in
/// exactly one of shed, expired, withdrawn and settled; nobody waits while there is room.
///
/// **Units**: nanoseconds on one monotonic clock, which the caller reads.
///
/// **Threads**: not safe; guarded by one lock of the owner. No call blocks or calls out.
public final class Gate {
  private static final long RETRY_AFTER_MIN_NANOS = 1_000_000_000L;
  private static final long RETRY_AFTER_MAX_NANOS = 60_000_000_000L;

  private final GateSettings settings;
  private final Lane[] lanes;
  private final WaitingLine line = new WaitingLine();
  private @Nullable Ticket firstDecided;
  private @Nullable Ticket lastDecided;
  private boolean draining;

  /// Makes the gate in front of some backends.
  ///
  /// @param limits how many requests each backend may hold at once; the index is the backend's lane
  /// @throws IllegalArgumentException if a limit is below 1
  public Gate(GateSettings settings, List<Integer> limits) {
    this.settings = settings;
    this.lanes = new Lane[limits.size()];
    for (int i = 0; i < lanes.length; i++) {
      lanes[i] = new Lane(limits.get(i));
    }
  }

  /// Decides a new ticket as far as it can be decided now.
  ///
  /// @throws IllegalStateException if the ticket was offered before
  public Verdict offer(Ticket ticket, long nowNanos) {
    if (ticket.state != Ticket.State.NEW) {
      throw new IllegalStateException("ticket offered twice: " + ticket.state);
    }
    ticket.offeredNanos = nowNanos;
    expire(nowNanos);
    if (draining) {
      return shed(ticket, Reason.DRAINING, RETRY_AFTER_MIN_NANOS, nowNanos);
    }
    if (ticket.expiredBy(nowNanos)) {
      return shed(ticket, Reason.DEADLINE_EXCEEDED, 0, nowNanos);
    }
    if (!anyOpen()) {
      return shed(ticket, closedReason(), untilReopens(nowNanos), nowNanos);
    }
    if (line.size() == 0) {
      int lane = leastLoadedWithRoom();
      if (lane >= 0) {
        admit(ticket, lane, nowNanos);
        return Verdict.ADMITTED;
      }
    }
    return queue(ticket, nowNanos);
  }

  /// Takes a permit back, and admits who is next.
  ///
  /// @param stalledNanos how much of the time the permit was held went into waiting for a slow
  ///     reader, and so says nothing about the backend
  /// @throws IllegalStateException if the ticket holds no permit; nothing is changed then
  public void settle(Ticket ticket, Outcome outcome, long stalledNanos, long nowNanos) {
    if (ticket.state != Ticket.State.ADMITTED) {
      throw new IllegalStateException("permit settled that is not held: " + ticket.state);
    }
    ticket.state = Ticket.State.SETTLED;
    long heldNanos = Math.max(0, nowNanos - ticket.decidedNanos - stalledNanos);
    lanes[ticket.lane].giveBack(outcome, heldNanos);
    advance(nowNanos);
  }

  /// Takes a ticket out of the queue because nobody waits for it any more. A ticket that does not
  /// wait is left alone.
  public void withdraw(Ticket ticket, long nowNanos) {
    if (ticket.state == Ticket.State.WAITING) {
      line.remove(ticket);
      decide(ticket, Ticket.State.WITHDRAWN, Reason.CALLER_GONE, 0, nowNanos);
    }
    advance(nowNanos);
  }

  /// Decides what the passing of time alone has made decidable: deadlines that have passed.
  public void advance(long nowNanos) {
    expire(nowNanos);
    for (Ticket head = line.head(); head != null; head = line.head()) {
      int lane = leastLoadedWithRoom();
      if (lane < 0) {
        return;
      }
      line.remove(head);
      admit(head, lane, nowNanos);
      handOut(head);
    }
  }

  /// Takes a backend out of rotation; when it was the last, those who wait are shed.
  ///
  /// @param because what refused callers are told
  /// @param untilNanos when it is tried again, for the refused callers' Retry-After
  public void close(int lane, Reason because, long untilNanos, long nowNanos) {
    lanes[lane].close(because, untilNanos);
    if (!anyOpen()) {
      shedAllWaiting(closedReason(), untilReopens(nowNanos), nowNanos);
    }
  }

  /// Takes a backend back into rotation: with one permit at first, then twice as many after each
  /// clean round. A backend that is in rotation is left alone.
  public void open(int lane, long nowNanos) {
    lanes[lane].open();
    advance(nowNanos);
  }

  /// Takes no new tickets from now on; those who wait and those in flight are still served.
  public void drain() {
    draining = true;
  }

  /// Gives the chain of tickets that waited and were decided since the last call, in the order of
  /// the decisions, linked by [Ticket#nextDecided()]; `null` if there are none.
  public @Nullable Ticket takeDecided() {
    Ticket first = firstDecided;
    firstDecided = null;
    lastDecided = null;
    return first;
  }

  /// Gives the present state.
  public GateSnapshot snapshot() {
    List<Integer> waiting = new ArrayList<>();
    for (Criticality criticality : Criticality.values()) {
      waiting.add(line.size(criticality));
    }
    List<GateSnapshot.LaneSnapshot> seen = new ArrayList<>();
    for (Lane lane : lanes) {
      seen.add(new GateSnapshot.LaneSnapshot(lane.limit(), lane.inFlight(), lane.isOpen()));
    }
    return new GateSnapshot(waiting, seen);
  }

  private Verdict queue(Ticket ticket, long nowNanos) {
    if (unreachable(ticket, nowNanos)) {
      return shed(ticket, Reason.DEADLINE_UNREACHABLE, drainNanos(), nowNanos);
    }
    if (line.size() >= settings.waitingMax()) {
      Ticket displaced = line.leastBelow(ticket.criticality());
      if (displaced == null) {
        return shed(ticket, reasonForFullLine(ticket), drainNanos(), nowNanos);
      }
      line.remove(displaced);
      decide(displaced, Ticket.State.SHED, Reason.SHED_PRIORITY, drainNanos(), nowNanos);
    }
    ticket.state = Ticket.State.WAITING;
    line.add(ticket);
    return Verdict.WAITING;
  }

  private boolean unreachable(Ticket ticket, long nowNanos) {
    double heldNanos = usualHeldNanos();
    if (ticket.deadlineNanos() == Ticket.NO_DEADLINE || heldNanos == 0) {
      return false;
    }
    double rounds = (double) (line.ahead(ticket.criticality()) + 1) / limitOfOpenLanes();
    return rounds * heldNanos + heldNanos > ticket.deadlineNanos() - nowNanos;
  }

  private Reason reasonForFullLine(Ticket ticket) {
    boolean higherWaits = line.ahead(ticket.criticality()) > line.size(ticket.criticality());
    return higherWaits ? Reason.SHED_PRIORITY : Reason.SHED_SHARE;
  }

  private void admit(Ticket ticket, int lane, long nowNanos) {
    lanes[lane].take();
    ticket.state = Ticket.State.ADMITTED;
    ticket.lane = lane;
    ticket.decidedNanos = nowNanos;
  }

  private Verdict shed(Ticket ticket, Reason reason, long retryAfterNanos, long nowNanos) {
    ticket.state = Ticket.State.SHED;
    ticket.reason = reason;
    ticket.retryAfterNanos = retryAfterNanos;
    ticket.decidedNanos = nowNanos;
    return Verdict.SHED;
  }

  private void decide(
      Ticket ticket, Ticket.State state, Reason reason, long retryAfterNanos, long nowNanos) {
    ticket.state = state;
    ticket.reason = reason;
    ticket.retryAfterNanos = retryAfterNanos;
    ticket.decidedNanos = nowNanos;
    handOut(ticket);
  }

  private void handOut(Ticket ticket) {
    if (lastDecided == null) {
      firstDecided = ticket;
    } else {
      lastDecided.nextDecided = ticket;
    }
    lastDecided = ticket;
  }

  private void expire(long nowNanos) {
    for (Ticket due = line.earliestDeadline();
        due != null && due.expiredBy(nowNanos);
        due = line.earliestDeadline()) {
      line.remove(due);
      decide(due, Ticket.State.EXPIRED, Reason.DEADLINE_EXCEEDED, 0, nowNanos);
    }
  }

  private void shedAllWaiting(Reason reason, long retryAfterNanos, long nowNanos) {
    for (Ticket head = line.head(); head != null; head = line.head()) {
      line.remove(head);
      decide(head, Ticket.State.SHED, reason, retryAfterNanos, nowNanos);
    }
  }

  private int leastLoadedWithRoom() {
    int best = -1;
    double bestLoad = Double.MAX_VALUE;
    for (int i = 0; i < lanes.length; i++) {
      if (lanes[i].hasRoom() && lanes[i].load() < bestLoad) {
        best = i;
        bestLoad = lanes[i].load();
      }
    }
    return best;
  }

  private boolean anyOpen() {
    for (Lane lane : lanes) {
      if (lane.isOpen()) {
        return true;
      }
    }
    return false;
  }

  private Reason closedReason() {
    for (Lane lane : lanes) {
      if (lane.closedBecause() == Reason.BREAKER_OPEN) {
        return Reason.BREAKER_OPEN;
      }
    }
    return Reason.NO_BACKEND;
  }

  private long untilReopens(long nowNanos) {
    long soonest = RETRY_AFTER_MAX_NANOS;
    for (Lane lane : lanes) {
      if (!lane.isOpen()) {
        soonest = Math.min(soonest, lane.reopensNanos() - nowNanos);
      }
    }
    return clampRetryAfter(soonest);
  }

  private long drainNanos() {
    return clampRetryAfter((long) (line.size() * usualHeldNanos() / limitOfOpenLanes()));
  }

  private static long clampRetryAfter(long nanos) {
    return Math.clamp(nanos, RETRY_AFTER_MIN_NANOS, RETRY_AFTER_MAX_NANOS);
  }

  private int limitOfOpenLanes() {
    int sum = 0;
    for (Lane lane : lanes) {
      if (lane.isOpen()) {
        sum += lane.limit();
      }
    }
    return Math.max(1, sum);
  }

  private double usualHeldNanos() {
    double sum = 0;
    int known = 0;
    for (Lane lane : lanes) {
      if (lane.heldNanos() > 0) {
        sum += lane.heldNanos();
        known++;
      }
    }
    return known == 0 ? 0 : sum / known;
  }
}
