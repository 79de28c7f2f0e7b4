package triage.admission;

import org.jspecify.annotations.Nullable;

/// Those who wait at one gate: by criticality, fair between tenants within a class, and in the
/// order of its [TenantLine] within a tenant.
///
/// Each class is sure of a share of the dispatches: while somebody of it waits it earns its share
/// of each, its own included, and is next when it has earned a whole one. What it earns is lost
/// when nobody of it waits any more.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class WaitingLine {
  private static final int CLASSES = Criticality.values().length;

  /// A turn: shares that add up to a whole do so within the precision of numbers.
  private static final double TURN = 1 - 1e-9;

  private final FairLine[] lines = new FairLine[CLASSES];
  private final DeadlineHeap deadlines = new DeadlineHeap();
  private final double[] shares = new double[CLASSES];
  private final double[] earned = new double[CLASSES];
  private int size;

  WaitingLine(ReservedShares reserved) {
    for (Criticality criticality : Criticality.values()) {
      shares[criticality.rank()] = reserved.of(criticality);
    }
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
    if (!ticket.isPatient()) {
      deadlines.add(ticket);
    }
  }

  void remove(Ticket ticket, TenantLine tenant) {
    FairLine line = of(ticket.criticality());
    line.remove(ticket, tenant);
    if (line.size() == 0) {
      earned[ticket.criticality().rank()] = 0;
    }
    size--;
    deadlines.remove(ticket);
  }

  /// Notes that somebody who waited was dispatched.
  void dispatched(Criticality criticality) {
    int rank = criticality.rank();
    for (int i = 0; i < CLASSES; i++) {
      if (lines[i].size() > 0) {
        double now = earned[i] + shares[i] - (i == rank ? 1 : 0);
        // Beyond a whole one, no more than one dispatch brings in: nothing is saved up.
        earned[i] = Math.clamp(now, 0, 1 + shares[i]);
      }
    }
  }

  /// Gives what share of the dispatches a class is sure of.
  double share(Criticality criticality) {
    return shares[criticality.rank()];
  }

  /// Gives who is next: of the most critical class that has earned its turn, else of the most
  /// critical that has anybody.
  @Nullable Ticket head() {
    for (int i = 1; i < CLASSES; i++) {
      if (earned[i] >= TURN && lines[i].size() > 0) {
        return lines[i].head();
      }
    }
    for (FairLine line : lines) {
      if (line.size() > 0) {
        return line.head();
      }
    }
    return null;
  }

  /// Gives who is next of those with a deadline, of the classes from the most critical down to one;
  /// `null` if none of them waits.
  @Nullable Ticket pressingHead(Criticality least) {
    Ticket head = null;
    for (int i = 0; i <= least.rank() && head == null && deadlines.earliest() != null; i++) {
      head = lines[i].pressingHead();
    }
    return head;
  }

  /// Gives who goes where nobody is sure to be served: who is next of the least critical class that
  /// has anybody.
  @Nullable Ticket headOfTheLeast() {
    for (int i = CLASSES - 1; i >= 0; i--) {
      if (lines[i].size() > 0) {
        return lines[i].head();
      }
    }
    return null;
  }

  /// Gives who has to make room for a newcomer of this class: of the least critical class below
  /// it, the last of the tenant that has the most waiting; `null` if nobody has to.
  @Nullable Ticket leastBelow(Criticality criticality) {
    return leastBelow(criticality, false);
  }

  /// Gives the same, but leaves the last of a class that is sure of a share its place.
  @Nullable Ticket leastBelowButTheSure(Criticality criticality) {
    return leastBelow(criticality, true);
  }

  private @Nullable Ticket leastBelow(Criticality criticality, boolean keepsTheSure) {
    for (int i = CLASSES - 1; i > criticality.rank(); i--) {
      if (lines[i].size() > (keepsTheSure && shares[i] > 0 ? 1 : 0)) {
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
