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
/// The order is criticality first, then fair between tenants by the service they have had; then
/// those with a deadline before those that wait as long as it takes; then arrival. A request whose
/// deadline cannot be met any more is not queued, and one that waited too long is not dispatched:
/// it would only delay those who can still be served in time. When the queue is full, a newcomer
/// takes the place of the last ticket of the least critical class below its own, or of a tenant of
/// its own class that has had more.
///
/// Each backend's limit is fixed or tunes itself ([LimitSettings]). The permit of a request that a
/// backend refuses for want of room is withheld for as long as a request usually takes, and the
/// next that would be more than the backend was working on then is one of the least critical.
///
/// Invariants: nobody is admitted to a backend that holds its limit already; a ticket ends in
/// exactly one of shed, expired, withdrawn and settled; nobody waits while there is room, but jobs
/// that are held back for those with a deadline, and who is less critical than such a job.
///
/// **Units**: nanoseconds on one monotonic clock, which the caller reads.
///
/// **Threads**: not safe; guarded by one lock of the owner. No call blocks or calls out.
public final class Gate {
  private final GateSettings settings;
  private final Rotation rotation;
  private final SecondTries secondTries = new SecondTries();
  private final WaitingLine line;
  private final WaitEstimate usual;
  private final Prospects prospects;
  private final HeldPermits held = new HeldPermits();
  private final DecidedTickets decided = new DecidedTickets();
  private boolean draining;
  private Mode mode = Mode.ENFORCE;
  private long wouldShed;
  private long leaked;

  /// Makes the gate in front of some backends of equal weight.
  ///
  /// @param limits how many requests each backend may hold at once; the index is the backend's lane
  public Gate(GateSettings settings, List<LimitSettings> limits) {
    this(settings, limits.stream().map(limit -> new LaneSettings(limit, 1)).toList(), 0);
  }

  /// Makes the gate in front of some backends.
  ///
  /// @param lanes one for each backend; the index is the backend's lane
  /// @param seed of the choices between backends
  public Gate(GateSettings settings, List<LaneSettings> lanes, long seed) {
    this.settings = settings;
    this.line = new WaitingLine(settings.reserved());
    this.rotation = new Rotation(lanes, seed);
    this.usual = new WaitEstimate(rotation.lanes(), settings.waitingMax());
    this.prospects = new Prospects(line, usual, rotation);
  }

  /// Decides a new ticket as far as it can be decided now.
  ///
  /// @throws IllegalStateException if the ticket was offered before
  public Verdict offer(Ticket ticket, long nowNanos) {
    begin(ticket, nowNanos);
    advance(nowNanos);
    if (!ticket.gone && draining) {
      return shed(ticket, Reason.DRAINING, Prospects.RETRY_AFTER_MIN_NANOS, nowNanos);
    }
    if (cannotBeServed(ticket, nowNanos)) {
      return Verdict.SHED;
    }
    if (line.size() == 0 || passesBy(ticket)) {
      int lane = rotation.withRoomInTurn(ticket, nowNanos);
      if (lane >= 0 && (line.size() == 0 || !rotation.lane(lane).isTrial())) {
        admit(ticket, lane, nowNanos);
        admitMore(nowNanos);
        return Verdict.ADMITTED;
      }
    }
    return mode == Mode.ENFORCE ? queue(ticket, nowNanos) : letPass(ticket, nowNanos);
  }

  /// Tells whether a new ticket may take what room there is although others wait: for whoever is
  /// first of them it is none, since that one can wait, and is no more critical. Those with a
  /// deadline who wait already have found no room.
  private boolean passesBy(Ticket ticket) {
    Ticket head = line.head();
    return head != null
        && head.isPatient()
        && !ticket.isPatient()
        && ticket.criticality().rank() <= head.criticality().rank();
  }

  /// Lets others follow one that came first: what a dispatch says may change who is held back.
  private void admitMore(long nowNanos) {
    if (line.size() > 0) {
      advance(nowNanos);
    }
  }

  /// Decides the further ticket of a request that a backend has failed, and whose permit there was
  /// given back: it comes before all who wait, and goes to another backend or nowhere.
  ///
  /// @throws IllegalStateException if the ticket was offered before
  public Verdict offerAgain(Ticket ticket, long nowNanos) {
    begin(ticket, nowNanos);
    expire(nowNanos);
    if (cannotBeServed(ticket, nowNanos)) {
      return Verdict.SHED;
    }
    int lane =
        mode == Mode.ENFORCE
            ? rotation.withRoom(ticket, nowNanos)
            : rotation.open(ticket, nowNanos);
    if (lane >= 0) {
      admit(ticket, lane, nowNanos);
      admitMore(nowNanos);
      return Verdict.ADMITTED;
    }
    if (secondTries.isFull()) {
      return shed(ticket, Reason.NO_BACKEND, Prospects.RETRY_AFTER_MIN_NANOS, nowNanos);
    }
    ticket.state = Ticket.State.WAITING;
    secondTries.add(ticket);
    return Verdict.WAITING;
  }

  /// Decides the further ticket of a request that is in flight, to be sent a second time beside
  /// that: it goes to another backend that has room, if nobody waits for that room, or nowhere.
  ///
  /// @throws IllegalStateException if the ticket was offered before
  public Verdict offerBeside(Ticket ticket, long nowNanos) {
    begin(ticket, nowNanos);
    advance(nowNanos);
    if (cannotBeServed(ticket, nowNanos)) {
      return Verdict.SHED;
    }
    boolean isFree = waiting() == 0 || (secondTries.size() == 0 && passesBy(ticket));
    int lane = isFree && !draining ? rotation.withRoom(ticket, nowNanos) : Rotation.NONE;
    if (lane < 0) {
      return shed(ticket, Reason.NO_BACKEND, Prospects.RETRY_AFTER_MIN_NANOS, nowNanos);
    }
    admit(ticket, lane, nowNanos);
    admitMore(nowNanos);
    return Verdict.ADMITTED;
  }

  private void begin(Ticket ticket, long nowNanos) {
    if (ticket.state != Ticket.State.NEW) {
      throw new IllegalStateException("ticket offered twice: " + ticket.state);
    }
    ticket.offeredNanos = nowNanos;
  }

  /// Sheds a new ticket that nobody waits for, or that no backend could take.
  private boolean cannotBeServed(Ticket ticket, long nowNanos) {
    if (ticket.gone) {
      shed(ticket, Reason.CALLER_GONE, 0, nowNanos);
      ticket.state = Ticket.State.WITHDRAWN;
    } else if (ticket.expiredBy(nowNanos)) {
      shed(ticket, Reason.DEADLINE_EXCEEDED, 0, nowNanos);
    } else if (!rotation.anyOpenFor(ticket)) {
      shed(ticket, rotation.closedReason(), prospects.untilReopens(nowNanos), nowNanos);
    }
    ticket.line = line.of(ticket.criticality()).of(ticket.tenant());
    return ticket.state != Ticket.State.NEW;
  }

  /// Admits beyond the limit, and counts what would have been shed.
  private Verdict letPass(Ticket ticket, long nowNanos) {
    int place = rotation.excess(nowNanos) + 1;
    if (mode == Mode.OBSERVE && prospects.refusalFor(ticket, place, nowNanos) != null) {
      wouldShed++;
    }
    admit(ticket, rotation.open(ticket, nowNanos), nowNanos);
    return Verdict.ADMITTED;
  }

  /// Takes a permit back, and admits who is next.
  ///
  /// @param stalledNanos how much of the time the permit was held went into waiting for the
  ///     caller, and so says nothing about the backend
  /// @throws IllegalStateException if the ticket holds no permit; nothing is changed then. One that
  ///     was taken back as leaked is left alone
  public void settle(Ticket ticket, Outcome outcome, long stalledNanos, long nowNanos) {
    if (ticket.state == Ticket.State.LEAKED) {
      return;
    }
    if (ticket.state != Ticket.State.ADMITTED) {
      throw new IllegalStateException("permit settled that is not held: " + ticket.state);
    }
    ticket.state = Ticket.State.SETTLED;
    held.remove(ticket);
    long heldNanos = Math.max(0L, nowNanos - ticket.decidedNanos - stalledNanos);
    rotation.lane(ticket.lane).giveBack(ticket, outcome, heldNanos, nowNanos);
    boolean known = outcome == Outcome.SERVED || outcome == Outcome.OVERLOADED;
    line.of(ticket.criticality())
        .correct(ticket.tenantLine(), ticket.chargedNanos, (double) heldNanos, known);
    advance(nowNanos);
  }

  /// Gives after how long there is room although nothing ends, since a permit is withheld no longer
  /// or who can wait is spread out no more; 0 where that makes none. Then somebody has to call
  /// [#advance].
  public long untilRoomNanos(long nowNanos) {
    Ticket head = line.head();
    return rotation.untilRoomNanos(head != null && head.isPatient(), nowNanos);
  }

  /// Takes back the permits that were not given back long after they should have been, and gives
  /// how many there were.
  public int takeBackLeaked(long nowNanos) {
    int found = 0;
    for (Ticket lost = held.leaked(nowNanos); lost != null; lost = held.leaked(nowNanos)) {
      held.remove(lost);
      lost.state = Ticket.State.LEAKED;
      // Nobody knows how long the work took.
      rotation.lane(lost.lane).giveBack(lost, Outcome.ABANDONED, 0, nowNanos);
      found++;
    }
    leaked += found;
    advance(nowNanos);
    return found;
  }

  /// Takes a ticket out of the queue because nobody waits for it any more. One that has not been
  /// offered yet is shed when it is; one that is decided is left alone.
  public void withdraw(Ticket ticket, long nowNanos) {
    ticket.gone = true;
    if (ticket.state == Ticket.State.WAITING) {
      if (!secondTries.remove(ticket)) {
        line.remove(ticket, ticket.tenantLine());
      }
      decide(ticket, Ticket.State.WITHDRAWN, Reason.CALLER_GONE, 0, nowNanos);
    }
    advance(nowNanos);
  }

  /// Decides what the passing of time alone has made decidable: deadlines that have passed, permits
  /// that are withheld no longer, jobs that have been held back long enough.
  public void advance(long nowNanos) {
    expire(nowNanos);
    admitSecondTries(nowNanos);
    for (Ticket next = line.head(); next != null; next = line.head()) {
      int lane = rotation.withRoomInTurn(next, nowNanos);
      if (lane < 0 && next.isPatient()) {
        // Who is held back holds nobody back that is as critical and has a deadline.
        next = line.pressingHead(next.criticality());
        lane = next == null ? Rotation.NONE : rotation.withRoom(next, nowNanos);
      }
      if (next == null || lane < 0) {
        return;
      }
      dispatch(next, lane, nowNanos);
    }
  }

  /// Gives a backend who is next, unless that would come too late. What the backend may well refuse
  /// is tried with the least critical.
  private void dispatch(Ticket next, int lane, long nowNanos) {
    Ticket least = rotation.lane(lane).isTrial() ? line.headOfTheLeast() : null;
    Ticket chosen = least == null ? next : least;
    line.remove(chosen, chosen.tenantLine());
    if (prospects.isHopeless(chosen, nowNanos)) {
      decideShed(chosen, Reason.DEADLINE_UNREACHABLE, prospects.drainNanos(), nowNanos);
      return;
    }
    line.dispatched(chosen.criticality());
    admit(chosen, lane, nowNanos);
    decided.add(chosen);
  }

  private void admitSecondTries(long nowNanos) {
    for (Ticket next = secondTries.takeAdmissible(rotation, nowNanos);
        next != null;
        next = secondTries.takeAdmissible(rotation, nowNanos)) {
      admit(next, next.lane, nowNanos);
      decided.add(next);
    }
  }

  /// Takes a backend out of rotation; when it was the last, those who wait are shed.
  ///
  /// @param why what is wrong with it; where something is already, it is out for both
  /// @param untilNanos when it is tried again, for the refused callers' Retry-After
  public void close(int lane, Absence why, long untilNanos, long nowNanos) {
    rotation.lane(lane).close(why, untilNanos);
    for (Ticket stranded = secondTries.takeStranded(rotation);
        stranded != null;
        stranded = secondTries.takeStranded(rotation)) {
      decideShed(stranded, rotation.closedReason(), prospects.untilReopens(nowNanos), nowNanos);
    }
    if (!rotation.anyOpen()) {
      shedAllWaiting(rotation.closedReason(), prospects.untilReopens(nowNanos), nowNanos);
    }
  }

  /// Ends one reason why a backend is out of rotation. Where it was the last, the backend is back:
  /// with one permit at first beside what is in flight, then twice as many after each clean round;
  /// after a rest it begins with half of its limit, or one more than is in flight. A backend that
  /// is in rotation is left alone.
  public void open(int lane, Absence why, long nowNanos) {
    rotation.lane(lane).open(why);
    advance(nowNanos);
  }

  /// Notes that the answer to an admitted request has begun, whose end may be minutes away. Where
  /// its backend is coming back that counts as served.
  public void answering(Ticket ticket, long nowNanos) {
    if (ticket.state == Ticket.State.ADMITTED) {
      rotation.lane(ticket.lane).answering(ticket);
      advance(nowNanos);
    }
  }

  /// Notes that an admitted request waits for its caller, to send or to read, who may take long:
  /// where its backend is coming back another one has its place, until each such wait is over.
  public void awaitsCaller(Ticket ticket, long nowNanos) {
    if (ticket.state == Ticket.State.ADMITTED) {
      rotation.lane(ticket.lane).awaitsCaller(ticket);
      advance(nowNanos);
    }
  }

  /// Notes that such a wait is over, of which [#awaitsCaller] has told.
  public void goesOn(Ticket ticket) {
    if (ticket.state == Ticket.State.ADMITTED) {
      rotation.lane(ticket.lane).goesOn(ticket);
    }
  }

  /// Makes another limit hold for a backend. One that is lower takes nothing back: nobody is
  /// admitted until so few are in flight.
  public void limit(int lane, LimitSettings limit, long nowNanos) {
    rotation.lane(lane).limit(limit, nowNanos);
    advance(nowNanos);
  }

  /// Gives the limit of a backend as it is set.
  public LimitSettings limit(int lane) {
    return rotation.lane(lane).settings();
  }

  /// Notes what a backend says of its own load: how much of it is in use, from 0 to 1. It holds for
  /// 10 s, and changes which backend is chosen, not how many it may hold.
  ///
  /// @throws IllegalArgumentException if `utilization` is no such share
  public void report(int lane, double utilization, long nowNanos) {
    if (!(utilization >= 0 && utilization <= 1)) {
      throw new IllegalArgumentException("utilization: " + utilization + " (expected: 0 to 1)");
    }
    rotation.lane(lane).report(utilization, nowNanos);
  }

  /// Tells whether any backend but this one is in rotation.
  public boolean hasOther(int lane) {
    return rotation.anyOpenBut(lane);
  }

  /// Tells whether any backend is in rotation that a request has not come to yet.
  ///
  /// @param last its last ticket
  public boolean hasOther(Ticket last) {
    return rotation.anyOpenFor(last);
  }

  /// Takes no new tickets from now on; those who wait and those in flight are still served.
  public void drain() {
    draining = true;
  }

  /// Changes how far the gate acts upon its decisions. Those who wait when it stops enforcing are
  /// let pass.
  public void mode(Mode mode, long nowNanos) {
    this.mode = mode;
    expire(nowNanos);
    while (mode != Mode.ENFORCE && rotation.anyOpen()) {
      Ticket head = line.head();
      if (head == null) {
        return;
      }
      line.remove(head, head.tenantLine());
      admit(head, rotation.open(head, nowNanos), nowNanos);
      decided.add(head);
    }
  }

  /// Gives how far the gate acts upon its decisions.
  public Mode mode() {
    return mode;
  }

  /// Gives the chain of tickets that waited and were decided since the last call, in the order of
  /// the decisions, linked by [Ticket#nextDecided()]; `null` if there are none.
  public @Nullable Ticket takeDecided() {
    return decided.take();
  }

  /// Gives how many hold a permit.
  public int inFlight() {
    return rotation.inFlight();
  }

  /// Gives how many requests the backends can work on at once, as far as that is known.
  public double capacity() {
    return rotation.capacity();
  }

  /// Gives how many wait.
  public int waiting() {
    return line.size() + secondTries.size();
  }

  /// Gives the present state.
  public GateSnapshot snapshot(long nowNanos) {
    List<Integer> waiting = new ArrayList<>();
    for (Criticality criticality : Criticality.values()) {
      waiting.add(line.of(criticality).size());
    }
    return new GateSnapshot(mode, wouldShed, leaked, waiting, rotation.snapshot(nowNanos));
  }

  private Verdict queue(Ticket ticket, long nowNanos) {
    FairLine own = line.of(ticket.criticality());
    TenantLine tenant = ticket.tenantLine();
    // Fair between tenants: at most as many of each other tenant pass before this one as wait of
    // its own.
    long turns = (tenant.ahead(ticket) + 1L) * (own.waitingTenants() + 1L) - 1;
    int inClass = (int) Math.min(own.size(), turns);
    int before = line.ahead(ticket.criticality()) - own.size() + inClass;
    int place = prospects.place(ticket.criticality(), before, inClass);
    Reason refusal = prospects.refusalFor(ticket, place, nowNanos);
    if (refusal == null && holdsMoreThanItsShare(tenant, own)) {
      refusal = Reason.SHED_SHARE;
    }
    if (refusal != null
        && refusal != Reason.DEADLINE_UNREACHABLE
        && displacesWhoHadMore(tenant, own, nowNanos)) {
      refusal = null;
    }
    if (refusal != null) {
      return shed(ticket, refusal, prospects.drainNanos(), nowNanos);
    }
    if (line.size() >= settings.waitingMax()) {
      Ticket displaced = line.leastBelow(ticket.criticality());
      if (displaced != null) {
        displace(displaced, Reason.SHED_PRIORITY, nowNanos);
      } else if (!displacesWhoHadMore(tenant, own, nowNanos)) {
        return shed(ticket, prospects.reasonForFullLine(ticket), prospects.drainNanos(), nowNanos);
      }
    }
    if (tenant.size == 0) {
      tenant.waitingSinceNanos = nowNanos;
    }
    ticket.state = Ticket.State.WAITING;
    line.add(ticket, tenant);
    while (line.size() > usual.placesWithin(usual.burstNanos())) {
      Ticket displaced = line.leastBelowButTheSure(ticket.criticality());
      if (displaced == null) {
        break;
      }
      displace(displaced, Reason.SHED_PRIORITY, nowNanos);
    }
    return Verdict.WAITING;
  }

  /// Makes room by shedding somebody of the same class whose tenant has had more service.
  private boolean displacesWhoHadMore(TenantLine tenant, FairLine own, long nowNanos) {
    Ticket last = own.mostExpendable();
    if (last == null || last.tenantLine() == tenant) {
      return false;
    }
    if (last.tenantLine().lastTag() <= own.tagOfNewcomer(tenant)) {
      return false;
    }
    displace(last, Reason.SHED_SHARE, nowNanos);
    return true;
  }

  private void displace(Ticket displaced, Reason reason, long nowNanos) {
    line.remove(displaced, displaced.tenantLine());
    decideShed(displaced, reason, prospects.drainNanos(), nowNanos);
  }

  private boolean holdsMoreThanItsShare(TenantLine tenant, FairLine own) {
    int others = own.waitingTenants() - (tenant.size > 0 ? 1 : 0);
    return others > 0 && 2 * (tenant.size + 1) > Math.max(4, own.size() + 1);
  }

  private void admit(Ticket ticket, int lane, long nowNanos) {
    ticket.state = Ticket.State.ADMITTED;
    ticket.lane = lane;
    ticket.decidedNanos = nowNanos;
    rotation.lane(lane).take(ticket, nowNanos);
    held.add(ticket);
    TenantLine tenant = ticket.tenantLine();
    ticket.chargedNanos = tenant.usualNanos > 0 ? tenant.usualNanos : usual.heldNanos();
    line.of(ticket.criticality()).charge(tenant, ticket.chargedNanos);
  }

  private Verdict shed(Ticket ticket, Reason reason, long retryAfterNanos, long nowNanos) {
    ticket.state = Ticket.State.SHED;
    ticket.reason = reason;
    ticket.retryAfterNanos = retryAfterNanos;
    ticket.decidedNanos = nowNanos;
    return Verdict.SHED;
  }

  private void decideShed(Ticket ticket, Reason reason, long retryAfterNanos, long nowNanos) {
    decide(ticket, Ticket.State.SHED, reason, retryAfterNanos, nowNanos);
  }

  private void decide(
      Ticket ticket, Ticket.State state, Reason reason, long retryAfterNanos, long nowNanos) {
    ticket.state = state;
    ticket.reason = reason;
    ticket.retryAfterNanos = retryAfterNanos;
    ticket.decidedNanos = nowNanos;
    decided.add(ticket);
  }

  private void expire(long nowNanos) {
    for (Ticket due = secondTries.takeExpired(nowNanos);
        due != null;
        due = secondTries.takeExpired(nowNanos)) {
      decide(due, Ticket.State.EXPIRED, Reason.DEADLINE_EXCEEDED, 0, nowNanos);
    }
    for (Ticket due = line.earliestDeadline();
        due != null && due.expiredBy(nowNanos);
        due = line.earliestDeadline()) {
      line.remove(due, due.tenantLine());
      decide(due, Ticket.State.EXPIRED, Reason.DEADLINE_EXCEEDED, 0, nowNanos);
    }
  }

  private void shedAllWaiting(Reason reason, long retryAfterNanos, long nowNanos) {
    for (Ticket head = line.head(); head != null; head = line.head()) {
      line.remove(head, head.tenantLine());
      decideShed(head, reason, retryAfterNanos, nowNanos);
    }
  }
}
