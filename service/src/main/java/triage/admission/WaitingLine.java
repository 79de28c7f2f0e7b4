package triage.admission;

import org.jspecify.annotations.Nullable;

/// Those who wait at one gate: by criticality, and within a class in order of arrival.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class WaitingLine {
  private static final int CLASSES = Criticality.values().length;

  private final @Nullable Ticket[] oldest = new Ticket[CLASSES];
  private final @Nullable Ticket[] newest = new Ticket[CLASSES];
  private final int[] sizes = new int[CLASSES];
  private final DeadlineHeap deadlines = new DeadlineHeap();
  private int size;

  int size() {
    return size;
  }

  int size(Criticality criticality) {
    return sizes[criticality.rank()];
  }

  /// Gives how many would be served before a newcomer of this class.
  int ahead(Criticality criticality) {
    int ahead = 0;
    for (int i = 0; i <= criticality.rank(); i++) {
      ahead += sizes[i];
    }
    return ahead;
  }

  void add(Ticket ticket) {
    int line = ticket.criticality().rank();
    Ticket last = newest[line];
    ticket.older = last;
    if (last == null) {
      oldest[line] = ticket;
    } else {
      last.newer = ticket;
    }
    newest[line] = ticket;
    sizes[line]++;
    size++;
    if (ticket.deadlineNanos() != Ticket.NO_DEADLINE) {
      deadlines.add(ticket);
    }
  }

  void remove(Ticket ticket) {
    int line = ticket.criticality().rank();
    Ticket before = ticket.older;
    Ticket after = ticket.newer;
    if (before == null) {
      oldest[line] = after;
    } else {
      before.newer = after;
    }
    if (after == null) {
      newest[line] = before;
    } else {
      after.older = before;
    }
    ticket.older = null;
    ticket.newer = null;
    sizes[line]--;
    size--;
    deadlines.remove(ticket);
  }

  /// Gives who is next: the oldest of the most critical class.
  @Nullable Ticket head() {
    for (Ticket ticket : oldest) {
      if (ticket != null) {
        return ticket;
      }
    }
    return null;
  }

  /// Gives who has to make room for a newcomer of this class: the newest of the least critical
  /// class below it, or `null` if nobody has to.
  @Nullable Ticket leastBelow(Criticality criticality) {
    for (int i = CLASSES - 1; i > criticality.rank(); i--) {
      if (newest[i] != null) {
        return newest[i];
      }
    }
    return null;
  }

  /// Gives the waiting ticket whose deadline comes first, or `null` if none has a deadline.
  @Nullable Ticket earliestDeadline() {
    return deadlines.earliest();
  }
}
