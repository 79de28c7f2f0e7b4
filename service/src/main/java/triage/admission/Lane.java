package triage.admission;

import org.jspecify.annotations.Nullable;

/// A gate's view of one backend: how much may be in flight there, and how much is.
///
/// After an outage the lane ramps up: one permit first, then twice as many after each clean round.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class Lane {
  private LimitSettings settings;
  private @Nullable TunedLimit tuned;
  private @Nullable TunedLimit earlier;
  private int ramp = Integer.MAX_VALUE;
  private int servedInRound;
  private int inFlight;
  private double heldNanos;
  private double deviationNanos;
  private @Nullable Reason closedBecause;
  private long reopensNanos;

  Lane(LimitSettings settings) {
    this.settings = settings;
    this.tuned = settings.fixed() ? null : new TunedLimit(settings.most());
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
    return Math.min(settledLimit(), ramp);
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

  boolean isOpen() {
    return closedBecause == null;
  }

  @Nullable Reason closedBecause() {
    return closedBecause;
  }

  long reopensNanos() {
    return reopensNanos;
  }

  boolean hasRoom() {
    return closedBecause == null && inFlight < limit();
  }

  /// Gives how long a request given to this lane now would take, in comparison with other lanes:
  /// the usual time of a permit times the share of the limit in use.
  double load() {
    return Math.max(heldNanos, 1) * (inFlight + 1) / limit();
  }

  /// Gives the usual time that a permit is held, in nanoseconds; 0 while unknown.
  double heldNanos() {
    return heldNanos;
  }

  /// Gives by how much the time a permit is held usually differs from the usual, in nanoseconds.
  double deviationNanos() {
    return deviationNanos;
  }

  void take(Ticket ticket, long nowNanos) {
    inFlight++;
    ticket.taught = tuned;
    if (tuned == null) {
      ticket.phase = TunedLimit.NO_PHASE;
    } else {
      long deadlineNanos = ticket.deadlineNanos();
      long leftNanos =
          deadlineNanos == Ticket.NO_DEADLINE ? Long.MAX_VALUE : deadlineNanos - nowNanos;
      ticket.phase = tuned.dispatched(inFlight, leftNanos, nowNanos);
    }
  }

  void giveBack(Ticket ticket, Outcome outcome, long permitNanos, long nowNanos) {
    if (inFlight == 0) {
      throw new IllegalStateException("a permit was given back that was never taken");
    }
    inFlight--;
    boolean served = outcome == Outcome.SERVED;
    boolean late = outcome == Outcome.OVERLOADED;
    boolean cutOff = late && ticket.expiredBy(nowNanos);
    // What was cut off would have taken longer still.
    if (served || (cutOff && heldNanos > 0 && permitNanos > heldNanos)) {
      learnUsual(permitNanos);
    }
    if (served && ramp < settledLimit() && ++servedInRound >= ramp) {
      ramp = ramp * 2;
      servedInRound = 0;
    }
    if (tuned != null && tuned == ticket.taught) {
      tuned.ended(
          ticket.phase,
          ticket.decidedNanos,
          permitNanos,
          ending(tuned, ticket, outcome, cutOff),
          nowNanos);
    }
  }

  private static Ending ending(TunedLimit tuned, Ticket ticket, Outcome outcome, boolean cutOff) {
    if (outcome == Outcome.SERVED) {
      return Ending.SERVED;
    }
    if (outcome != Outcome.OVERLOADED) {
      return Ending.SILENT;
    }
    if (!cutOff) {
      return Ending.REFUSED;
    }
    boolean waited = 2 * ticket.waitNanos() >= ticket.patienceNanos();
    boolean hurried = tuned.isHurried(ticket.deadlineNanos() - ticket.decidedNanos);
    return waited || hurried ? Ending.LATE_ANYWAY : Ending.LATE;
  }

  private void learnUsual(long permitNanos) {
    if (heldNanos == 0) {
      heldNanos = permitNanos;
      deviationNanos = 0.5 * permitNanos;
    } else {
      double off = permitNanos - heldNanos;
      deviationNanos += weight() * (Math.abs(off) - deviationNanos);
      heldNanos += weight() * off;
    }
  }

  /// Gives the weight of one more sample: the usual time is that of about one round.
  private double weight() {
    return Math.max(0.01, 1.0 / (5 + limit()));
  }

  void close(Reason because, long untilNanos) {
    closedBecause = because;
    reopensNanos = untilNanos;
  }

  void open() {
    if (closedBecause != null) {
      closedBecause = null;
      ramp = 1;
      servedInRound = 0;
    }
  }
}
