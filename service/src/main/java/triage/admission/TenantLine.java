package triage.admission;

import org.jspecify.annotations.Nullable;

/// The waiting tickets of one tenant in one class, oldest first, and what the tenant has had.
///
/// **Source**: start-time fair queueing (Goyal, Vin and Cheng, 1996), with the cost guessed at the
/// dispatch and corrected at the end, as Kubernetes' API Priority and Fairness does.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class TenantLine {
  final String tenant;
  @Nullable Ticket oldest;
  @Nullable Ticket newest;
  int size;
  int inFlight;

  /// The start tag: service received so far on the clock of the class, in nanoseconds.
  double tag;

  /// What one request of this tenant usually costs, in nanoseconds of service; 0 while unknown.
  double usualNanos;

  /// Since when somebody of this tenant has been waiting, without a break.
  long waitingSinceNanos;

  /// The place among those of the class that wait; -1 while nothing waits.
  int index = -1;

  TenantLine(String tenant) {
    this.tenant = tenant;
  }

  /// Gives the tag that the newest ticket will have once its turn comes.
  double lastTag() {
    return tag + (size - 1) * usualNanos;
  }

  void add(Ticket ticket) {
    Ticket last = newest;
    ticket.older = last;
    if (last == null) {
      oldest = ticket;
    } else {
      last.newer = ticket;
    }
    newest = ticket;
    size++;
  }

  void remove(Ticket ticket) {
    Ticket before = ticket.older;
    Ticket after = ticket.newer;
    if (before == null) {
      oldest = after;
    } else {
      before.newer = after;
    }
    if (after == null) {
      newest = before;
    } else {
      after.older = before;
    }
    ticket.older = null;
    ticket.newer = null;
    size--;
  }
}
