package triage.admission;

import org.jspecify.annotations.Nullable;

/// What a ticket can expect at a gate: whether there is a place for it in the line, whether it
/// would still be in time when it is dispatched, and when somebody who is shed had better come
/// again.
///
/// **Units**: nanoseconds.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class Prospects {
  static final long RETRY_AFTER_MIN_NANOS = 1_000_000_000L;
  private static final long RETRY_AFTER_MAX_NANOS = 60_000_000_000L;

  private static final long STANDING_AFTER_NANOS = 100_000_000L;
  private static final double CAUTION = 2;
  private static final double CAUTION_ALONE = 0.5;

  private final WaitingLine line;
  private final WaitEstimate usual;
  private final Rotation rotation;

  Prospects(WaitingLine line, WaitEstimate usual, Rotation rotation) {
    this.line = line;
    this.usual = usual;
    this.rotation = rotation;
  }

  /// Gives how many dispatches away a newcomer's turn is: by the order of classes, or by its own
  /// class's reserved share, where that comes sooner.
  int place(Criticality criticality, int before, int inClass) {
    double share = line.share(criticality);
    return share == 0 ? before + 1 : (int) Math.min(before + 1.0, Math.ceil((inClass + 1) / share));
  }

  /// Gives why a ticket cannot wait at a place, or `null` if it can.
  @Nullable Reason refusalFor(Ticket ticket, int place, long nowNanos) {
    if (usual.heldNanos() == 0) {
      return null;
    }
    double waitNanos = usual.waitNanos(place);
    if (ticket.deadlineNanos() != Ticket.NO_DEADLINE
        && waitNanos + usual.untilAnsweredNanos() > ticket.deadlineNanos() - nowNanos) {
      return Reason.DEADLINE_UNREACHABLE;
    }
    // Who comes first of a class that is sure of a share has a place, however full the line.
    boolean isFirst =
        line.share(ticket.criticality()) > 0 && line.of(ticket.criticality()).size() == 0;
    return isFirst || place <= usual.placesWithin(waitMaxNanos(ticket, nowNanos))
        ? null
        : reasonForFullLine(ticket);
  }

  /// Gives how long a tenant's requests should wait: a burst may fill its queue for two service
  /// times; a queue that has not been empty for one is standing, and holds what keeps the backends
  /// busy. Those of the most critical class come first anyway, and may wait as in a burst.
  ///
  /// **Source**: the standing-queue rule of CoDel as Facebook uses it on servers, here by tenant.
  private double waitMaxNanos(Ticket ticket, long nowNanos) {
    TenantLine tenant = ticket.tenantLine();
    boolean standing =
        ticket.criticality() != Criticality.CRITICAL_PLUS
            && tenant.size > 0
            && nowNanos - tenant.waitingSinceNanos
                > Math.max(STANDING_AFTER_NANOS, usual.heldNanos());
    return standing ? usual.standingNanos() : usual.burstNanos();
  }

  /// Tells whether a ticket that is about to be dispatched would probably come too late. Where
  /// nobody else waits, that is only said of one with less than half of the usual time left, since
  /// idle capacity is better tried than wasted; of the most critical class nothing is asked but
  /// that the usual time is left.
  boolean isHopeless(Ticket ticket, long nowNanos) {
    if (ticket.deadlineNanos() == Ticket.NO_DEADLINE) {
      return false;
    }
    double wantedNanos = usual.untilAnsweredNanos();
    long leftNanos = ticket.deadlineNanos() - nowNanos;
    if (line.size() == 0) {
      double leastNanos = CAUTION_ALONE * wantedNanos;
      return leastNanos > leftNanos && leastNanos < ticket.patienceNanos();
    }
    double cautiousNanos = wantedNanos + CAUTION * usual.deviationNanos();
    // Where the estimate would condemn who has not waited at all, it is no reason to wait less.
    if (wantedNanos > ticket.patienceNanos()) {
      return false;
    }
    if (ticket.criticality() != Criticality.CRITICAL_PLUS
        && cautiousNanos <= ticket.patienceNanos()) {
      wantedNanos = cautiousNanos;
    }
    return wantedNanos > leftNanos;
  }

  /// Gives why a ticket is shed for whom the line has no place.
  Reason reasonForFullLine(Ticket ticket) {
    boolean higherWaits = line.ahead(ticket.criticality()) > line.of(ticket.criticality()).size();
    return higherWaits ? Reason.SHED_PRIORITY : Reason.SHED_SHARE;
  }

  /// Gives how long it takes until all who wait have been dispatched, for a caller to wait.
  long drainNanos() {
    return clampRetryAfter((long) usual.waitNanos(line.size()));
  }

  /// Gives how long it takes until a backend is in rotation again, for a caller to wait.
  long untilReopens(long nowNanos) {
    return clampRetryAfter(rotation.untilReopens(nowNanos));
  }

  private static long clampRetryAfter(long nanos) {
    return Math.clamp(nanos, RETRY_AFTER_MIN_NANOS, RETRY_AFTER_MAX_NANOS);
  }
}
