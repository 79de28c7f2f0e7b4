package triage.admission;

import org.jspecify.annotations.Nullable;

/// The permits of a gate that are held, in the order in which they were taken: so that one that is
/// never given back can be found.
///
/// A permit has *leaked* when its deadline, and the last sign of life of its exchange, are two
/// minutes past. The tickets are the nodes of the list, so that it makes no garbage.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class HeldPermits {
  private static final long GRACE_NANOS = 120_000_000_000L;

  private @Nullable Ticket first;
  private @Nullable Ticket last;

  void add(Ticket ticket) {
    ticket.heldBefore = last;
    if (last == null) {
      first = ticket;
    } else {
      last.heldAfter = ticket;
    }
    last = ticket;
  }

  void remove(Ticket ticket) {
    Ticket before = ticket.heldBefore;
    Ticket after = ticket.heldAfter;
    if (before == null) {
      first = after;
    } else {
      before.heldAfter = after;
    }
    if (after == null) {
      last = before;
    } else {
      after.heldBefore = before;
    }
    ticket.heldBefore = null;
    ticket.heldAfter = null;
  }

  /// Gives one that has leaked, or `null` if none has.
  @Nullable Ticket leaked(long nowNanos) {
    for (Ticket ticket = first; ticket != null; ticket = ticket.heldAfter) {
      if (ticket.hasLeakedBy(nowNanos - GRACE_NANOS)) {
        return ticket;
      }
    }
    return null;
  }
}
