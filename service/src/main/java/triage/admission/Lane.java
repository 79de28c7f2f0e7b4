package triage.admission;

import org.jspecify.annotations.Nullable;

/// A gate's view of one backend: how much may be in flight there, and how much is.
///
/// After an outage the lane ramps up: one permit first, then twice as many after each clean round.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class Lane {
  private static final double LATENCY_WEIGHT = 0.1;

  private final int limit;
  private int ramp = Integer.MAX_VALUE;
  private int servedInRound;
  private int inFlight;
  private double heldNanos;
  private @Nullable Reason closedBecause;
  private long reopensNanos;

  Lane(int limit) {
    if (limit < 1) {
      throw new IllegalArgumentException("limit: " + limit + " (expected: >= 1)");
    }
    this.limit = limit;
  }

  int limit() {
    return Math.min(limit, ramp);
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

  void take() {
    inFlight++;
  }

  void giveBack(Outcome outcome, long permitNanos) {
    if (inFlight == 0) {
      throw new IllegalStateException("a permit was given back that was never taken");
    }
    inFlight--;
    if (outcome == Outcome.SERVED) {
      heldNanos =
          heldNanos == 0 ? permitNanos : heldNanos + LATENCY_WEIGHT * (permitNanos - heldNanos);
      if (ramp < limit && ++servedInRound >= ramp) {
        ramp = ramp * 2;
        servedInRound = 0;
      }
    }
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
