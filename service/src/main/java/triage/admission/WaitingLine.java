package triage.admission;

import org.jspecify.annotations.Nullable;

/// Those who wait at one gate: by criticality, fair between tenants within a class, and in order
/// of arrival within a tenant.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class WaitingLine {
  private static final int CLASSES = Criticality.values().length;

  private final FairLine[] lines = new FairLine[CLASSES];
  private final DeadlineHeap deadlines = new DeadlineHeap();
  private int size;

  WaitingLine() {
    for (int i = 0; i < CLASSES; i++) {
      lines[i] = new FairLine();
    }
  }

  int size() {
    return size;
  }

  FairLine of(Criticality criticality) {
    return lines[criticality.rank()];
  }

  /// Gives how many would be served before a newcomer of this class, if its tenant did not matter.
  int ahead(Criticality criticality) {
    int ahead = 0;
    for (int i = 0; i <= criticality.rank(); i++) {
      ahead += lines[i].size();
    }
    return ahead;
  }

  void add(Ticket ticket, TenantLine tenant) {
    of(ticket.criticality()).add(ticket, tenant);
    size++;
    if (ticket.deadlineNanos() != Ticket.NO_DEADLINE) {
      deadlines.add(ticket);
    }
  }

  void remove(Ticket ticket, TenantLine tenant) {
    of(ticket.criticality()).remove(ticket, tenant);
    size--;
    deadlines.remove(ticket);
  }

  /// Gives who is next of the most critical class that has anybody.
  @Nullable Ticket head() {
    for (FairLine line : lines) {
      if (line.size() > 0) {
        return line.head();
      }
    }
    return null;
  }

  /// Gives who has to make room for a newcomer of this class: of the least critical class below
  /// it, the newest of the tenant that has the most waiting; `null` if nobody has to.
  @Nullable Ticket leastBelow(Criticality criticality) {
    for (int i = CLASSES - 1; i > criticality.rank(); i--) {
      if (lines[i].size() > 0) {
        return lines[i].mostExpendable();
      }
    }
    return null;
  }

  /// Gives the waiting ticket whose deadline comes first, or `null` if none has a deadline.
  @Nullable Ticket earliestDeadline() {
    return deadlines.earliest();
  }
}
