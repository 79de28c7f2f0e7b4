package triage.admission;

import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A gate's view of one backend: how much may be in flight there, and how much is.
///
/// After an outage the lane ramps up: one permit first, then twice as many after each clean round.
/// That is beside what was in flight before, whose end says nothing of the backend since, what has
/// an answer that has begun, and what waits for its caller. After a rest what was in flight before
/// counts, and there is one permit more at least; what doubles is how many there are more.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class Lane {
  private static final long REPORT_HOLDS_NANOS = 10_000_000_000L;

  private final double weight;
  private LimitSettings settings;
  private @Nullable TunedLimit tuned;
  private @Nullable TunedLimit earlier;
  private int ramp = Integer.MAX_VALUE;

  /// How many are served in a round until the ramp has as many places more.
  private int round;

  private int servedInRound;
  private int inFlight;

  /// How often it has come back, from an outage or from a rest.
  private int returns;

  /// Which of these was from the last outage.
  private int outage;

  /// How many are in flight beside what the ramp bounds, until they end.
  private int beside;

  /// How many are for as long as they wait for their callers.
  private int besideForNow;

  /// How many it is known to take at once: what it held when it last refused, or what it was given
  /// since.
  private int borne = Integer.MAX_VALUE;

  private long refusals;
  private final UsualTime held = new UsualTime();
  private final UsualTime untilAnswered = new UsualTime();
  private final ExpectedTime expected = new ExpectedTime();
  private double reported = Double.NaN;
  private long reportedNanos;
  private final Map<Absence, Long> absences = new EnumMap<>(Absence.class);
  private final Withheld withheld = new Withheld();
  private boolean onlyRested;

  Lane(LaneSettings settings) {
    this.weight = settings.weight();
    this.settings = settings.limit();
    this.tuned = this.settings.fixed() ? null : new TunedLimit(this.settings.most());
  }

  LimitSettings settings() {
    return settings;
  }

  /// Makes another limit hold. One that tunes itself goes on with what it had found out before;
  /// what is in flight stays so, and teaches it nothing.
  void limit(LimitSettings wanted, long nowNanos) {
    if (tuned != null) {
      earlier = tuned;
    }
    settings = wanted;
    tuned = null;
    if (!wanted.fixed()) {
      TunedLimit known = earlier;
      tuned = known == null ? new TunedLimit(wanted.most()) : known;
      tuned.resume(nowNanos);
    }
  }

  int limit() {
    return Math.min(settledLimit(), beside + besideForNow + ramp);
  }

  private int patientLimit() {
    return tuned == null ? limit() : Math.min(limit(), tuned.patientLevel());
  }

  private int settledLimit() {
    return tuned == null ? settings.most() : tuned.level();
  }

  /// Gives how many requests the backend can work on at once, as far as it is known.
  double capacity() {
    return tuned == null ? settings.most() : tuned.centre();
  }

  int inFlight() {
    return inFlight;
  }

  /// Gives how many permits are held or withheld.
  int taken(long nowNanos) {
    return inFlight + withheld.count(nowNanos);
  }

  boolean isOpen() {
    return absences.isEmpty();
  }

  boolean isAbsent(Absence why) {
    return absences.containsKey(why);
  }

  Set<Absence> absences() {
    return absences.keySet();
  }

  /// Gives when it is back, as far as that is known.
  long reopensNanos() {
    long latest = Long.MIN_VALUE;
    for (long until : absences.values()) {
      latest = Math.max(latest, until);
    }
    return latest;
  }

  /// Tells whether there is room for one who can wait.
  boolean hasPatientRoom(long nowNanos) {
    return isBelowPatientLevel(nowNanos) && patientWaitNanos(nowNanos) == 0;
  }

  /// Gives after how long there is room for one who can wait although nothing ends; 0 where there
  /// is now, or is none then.
  long patientRoomNanos(long nowNanos) {
    return isBelowPatientLevel(nowNanos) ? patientWaitNanos(nowNanos) : 0;
  }

  private boolean isBelowPatientLevel(long nowNanos) {
    return hasRoom(nowNanos) && taken(nowNanos) < patientLimit();
  }

  private long patientWaitNanos(long nowNanos) {
    return tuned == null ? 0 : tuned.patientWaitNanos(nowNanos);
  }

  boolean hasRoom(long nowNanos) {
    return absences.isEmpty() && taken(nowNanos) < limit();
  }

  /// Tells whether the next request would be more than it was working on when it last refused: it
  /// may well be refused.
  boolean isTrial() {
    return inFlight >= borne;
  }

  /// Gives for how long the first permit that is withheld is so yet; 0 where none is.
  long withheldNanos(long nowNanos) {
    return withheld.leftNanos(nowNanos);
  }

  /// Gives how this backend is seen at this moment.
  GateSnapshot.LaneSnapshot snapshot(long nowNanos) {
    return new GateSnapshot.LaneSnapshot(
        limit(),
        patientLimit(),
        capacity(),
        refusalBound(),
        inFlight,
        withheld.count(nowNanos),
        refusals,
        held.nanos(),
        untilAnswered.nanos(),
        absences.keySet());
  }

  /// Gives what the refusals say of the capacity; infinite where that is no less than what is
  /// allowed anyway.
  private double refusalBound() {
    double bound = tuned == null ? Double.POSITIVE_INFINITY : tuned.refusalBound();
    return bound < settings.most() ? bound : Double.POSITIVE_INFINITY;
  }

  /// Notes what the backend says of its load.
  ///
  /// @param utilization how much of it is in use, from 0 to 1
  void report(double utilization, long nowNanos) {
    reported = utilization;
    reportedNanos = nowNanos;
  }

  /// Gives by what a backend's own report changes its load: from half of it, idle, to one and a
  /// half, full; nothing where there has been no report for 10 s.
  private double reportedFactor(long nowNanos) {
    boolean holds = nowNanos - reportedNanos <= REPORT_HOLDS_NANOS;
    return holds && !Double.isNaN(reported) ? 0.5 + reported : 1;
  }

  /// Gives how long a request given to this lane now would take, in comparison with other lanes:
  /// the expected time of a permit times the share of the limit in use, over the weight; more or
  /// less where the backend reports its own load.
  double load(long nowNanos) {
    double expectedNanos = expected.nanos(inFlight == 0, nowNanos);
    double alone = Math.max(expectedNanos, 1) * (taken(nowNanos) + 1) / (limit() * weight);
    return alone * reportedFactor(nowNanos);
  }

  /// Gives the usual time that a permit is held, in nanoseconds; 0 while unknown.
  double heldNanos() {
    return held.nanos();
  }

  /// Gives the usual time until an answer begins: less than a permit is held where it is a stream.
  UsualTime untilAnswered() {
    return untilAnswered;
  }

  void take(Ticket ticket, long nowNanos) {
    inFlight++;
    ticket.returns = returns;
    ticket.ramps = ramp < settledLimit();
    borne = Math.max(borne, inFlight);
    ticket.taught = tuned;
    if (tuned == null) {
      ticket.phase = Rounds.NONE;
    } else {
      long deadlineNanos = ticket.deadlineNanos();
      long leftNanos =
          deadlineNanos == Ticket.NO_DEADLINE ? Long.MAX_VALUE : deadlineNanos - nowNanos;
      ticket.order = tuned.begin();
      ticket.phase = tuned.dispatched(inFlight, withheld.count(nowNanos), leftNanos, nowNanos);
    }
  }

  void giveBack(Ticket ticket, Outcome outcome, long permitNanos, long nowNanos) {
    if (inFlight == 0) {
      throw new IllegalStateException("a permit was given back that was never taken");
    }
    inFlight--;
    leave(ticket);
    boolean served = outcome == Outcome.SERVED;
    boolean late = outcome == Outcome.OVERLOADED;
    boolean cutOff = late && ticket.expiredBy(nowNanos);
    expect(ticket, outcome, cutOff, permitNanos, nowNanos);
    if (served) {
      learnUsual(permitNanos, ticket.untilAnsweredNanos(permitNanos));
    } else if (cutOff) {
      held.learnAtLeast(permitNanos, weight());
      untilAnswered.learnAtLeast(permitNanos, weight());
    }
    double usualNanos = held.nanos();
    // What takes longer than the work itself is no refusal, whatever it says.
    boolean refused = late && !cutOff && (usualNanos == 0 || permitNanos < 2 * usualNanos);
    if (refused) {
      borne = inFlight;
      refusals++;
      withheld.withhold(usualNanos - permitNanos, nowNanos);
    }
    if (served) {
      var _ = rampUp(ticket);
    }
    if (tuned != null && tuned == ticket.taught) {
      Ending ending =
          refused
              ? Ending.REFUSED
              : ending(
                  tuned,
                  ticket,
                  outcome,
                  cutOff,
                  permitNanos - (nowNanos - ticket.deadlineNanos()));
      tuned.overtook(ticket.order, ticket.phase, ending);
      tuned.ended(ticket.phase, inFlight, ticket.decidedNanos, permitNanos, ending, nowNanos);
    }
  }

  /// Notes that the answer to a request in flight has begun. The ramp goes on without it.
  void answering(Ticket ticket) {
    if (rampUp(ticket)) {
      leave(ticket);
      ticket.returns = outage - 1;
      come(ticket);
    }
  }

  /// Notes that a request in flight waits for its caller, to send or to read. The ramp goes on
  /// without it until all such waits are over.
  void awaitsCaller(Ticket ticket) {
    waits(ticket, 1);
  }

  /// Notes that such a wait is over.
  void goesOn(Ticket ticket) {
    waits(ticket, -1);
  }

  private void waits(Ticket ticket, int more) {
    if (ticket.ramps) {
      leave(ticket);
      ticket.callerWaits += more;
      come(ticket);
    }
  }

  private void come(Ticket ticket) {
    count(ticket, 1);
  }

  private void leave(Ticket ticket) {
    count(ticket, -1);
  }

  private void count(Ticket ticket, int one) {
    if (ticket.returns < outage) {
      beside += one;
    } else if (ticket.returns == returns && ticket.callerWaits > 0) {
      besideForNow += one;
    }
  }

  /// Counts one that was served for the ramp, and tells whether it does.
  private boolean rampUp(Ticket ticket) {
    boolean counts = ticket.returns >= outage && ramp < settledLimit();
    if (counts && ++servedInRound >= round) {
      ramp += round;
      round *= 2;
      servedInRound = 0;
    }
    return counts;
  }

  /// Gives what an end says.
  ///
  /// @param hadNanos how much time it had at the backend, for one that was cut off
  private static Ending ending(
      TunedLimit tuned, Ticket ticket, Outcome outcome, boolean cutOff, long hadNanos) {
    if (outcome == Outcome.SERVED) {
      return Ending.SERVED;
    }
    if (outcome != Outcome.OVERLOADED) {
      return Ending.SILENT;
    }
    if (!cutOff) {
      return Ending.LATE;
    }
    boolean waited = 2 * ticket.waitNanos() >= ticket.patienceNanos();
    boolean hurried = tuned.isHurried(hadNanos);
    return waited || hurried ? Ending.LATE_ANYWAY : Ending.LATE;
  }

  /// Learns for the balance, also from what its caller gave up or another backend has outrun: else
  /// a backend that turned slow would keep its share.
  private void expect(
      Ticket ticket, Outcome outcome, boolean cutOff, long permitNanos, long nowNanos) {
    if (outcome == Outcome.SERVED) {
      expected.learn(permitNanos, weight(), nowNanos);
    } else if ((cutOff || outcome == Outcome.ABANDONED) && !ticket.isAnswered()) {
      expected.learnAtLeast(permitNanos, weight(), nowNanos);
    } else if (outcome != Outcome.ABANDONED) {
      expected.heard(nowNanos);
    }
  }

  private void learnUsual(long permitNanos, long answeredNanos) {
    held.learn(permitNanos, weight());
    untilAnswered.learn(answeredNanos, weight());
    if (tuned != null) {
      tuned.answered((double) answeredNanos / Math.max(1, permitNanos));
    }
  }

  /// Gives the weight of one more sample: the usual time is that of about one round.
  private double weight() {
    return Math.max(0.01, 1.0 / (5 + limit()));
  }

  void close(Absence why, long until) {
    onlyRested = why == Absence.RESTING && (absences.isEmpty() || onlyRested);
    absences.put(why, until);
  }

  /// Ends an absence. Where it was the last, the limit ramps up: from one beside what is in flight.
  /// Where the backend had only asked for a rest, what is in flight counts, whether it waits for
  /// its caller or not, and the limit begins with half of itself, or one more than that. A round is
  /// as many as find room then.
  void open(Absence why) {
    if (absences.remove(why) == null || !absences.isEmpty()) {
      return;
    }
    returns++;
    if (onlyRested) {
      int most = Math.max(inFlight + 1, limit() / 2);
      ramp = most - beside;
      round = most - inFlight;
    } else {
      outage = returns;
      beside = inFlight;
      ramp = 1;
      round = 1;
    }
    besideForNow = 0;
    servedInRound = 0;
  }
}
