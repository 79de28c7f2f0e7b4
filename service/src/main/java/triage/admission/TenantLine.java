package triage.admission;

import org.jspecify.annotations.Nullable;

/// The waiting tickets of one tenant in one class, and what the tenant has had. Those with a
/// deadline come first, since somebody is on the line for them; then those that wait as long as it
/// takes, as jobs do; either in order of arrival.
///
/// **Source**: start-time fair queueing (Goyal, Vin and Cheng, 1996), with the cost guessed at the
/// dispatch and corrected at the end, as Kubernetes' API Priority and Fairness does.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class TenantLine {
  final String tenant;
  @Nullable Ticket first;
  @Nullable Ticket last;
  int size;

  /// The last of those with a deadline, and how many they are.
  private @Nullable Ticket lastPressing;

  private int pressing;
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

  /// Gives the tag that the last ticket will have once its turn comes.
  double lastTag() {
    return tag + (size - 1) * usualNanos;
  }

  /// Gives how many of this tenant would be served before a newcomer.
  int ahead(Ticket newcomer) {
    return newcomer.isPatient() ? size : pressing;
  }

  /// Tells whether the first of this tenant has a deadline.
  boolean isPressing() {
    return pressing > 0;
  }

  void add(Ticket ticket) {
    Ticket before = ticket.isPatient() ? last : lastPressing;
    Ticket after = before == null ? first : before.after;
    join(before, ticket);
    join(ticket, after);
    if (!ticket.isPatient()) {
      lastPressing = ticket;
      pressing++;
    }
    size++;
  }

  void remove(Ticket ticket) {
    Ticket before = ticket.before;
    Ticket after = ticket.after;
    join(before, after);
    if (!ticket.isPatient()) {
      if (after == null || after.isPatient()) {
        lastPressing = before;
      }
      pressing--;
    }
    ticket.before = null;
    ticket.after = null;
    size--;
  }

  /// Lets one come right after another; `null` stands for the ends of the line.
  private void join(@Nullable Ticket before, @Nullable Ticket after) {
    if (before == null) {
      first = after;
    } else {
      before.after = after;
    }
    if (after == null) {
      last = before;
    } else {
      after.before = before;
    }
  }
}
