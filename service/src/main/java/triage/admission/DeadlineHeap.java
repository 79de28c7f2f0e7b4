package triage.admission;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The waiting tickets that have a deadline, the earliest on top: a binary heap whose tickets know
/// their own place, so that any of them leaves in logarithmic time.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class DeadlineHeap {
  private @Nullable Ticket[] tickets = new Ticket[64];
  private int size;

  @Nullable Ticket earliest() {
    return size == 0 ? null : tickets[0];
  }

  void add(Ticket ticket) {
    if (size == tickets.length) {
      tickets = Arrays.copyOf(tickets, size * 2);
    }
    place(ticket, size++);
    rise(ticket);
  }

  void remove(Ticket ticket) {
    int index = ticket.heapIndex;
    if (index < 0) {
      return;
    }
    ticket.heapIndex = -1;
    Ticket last = at(--size);
    tickets[size] = null;
    if (index != size) {
      place(last, index);
      rise(last);
      sink(last);
    }
  }

  private void rise(Ticket ticket) {
    int index = ticket.heapIndex;
    while (index > 0) {
      int above = (index - 1) >>> 1;
      Ticket other = at(above);
      if (!isEarlier(ticket, other)) {
        break;
      }
      place(other, index);
      index = above;
    }
    place(ticket, index);
  }

  private void sink(Ticket ticket) {
    int index = ticket.heapIndex;
    while (true) {
      int below = 2 * index + 1;
      if (below >= size) {
        break;
      }
      if (below + 1 < size && isEarlier(at(below + 1), at(below))) {
        below++;
      }
      Ticket other = at(below);
      if (!isEarlier(other, ticket)) {
        break;
      }
      place(other, index);
      index = below;
    }
    place(ticket, index);
  }

  private void place(Ticket ticket, int index) {
    tickets[index] = ticket;
    ticket.heapIndex = index;
  }

  private Ticket at(int index) {
    Ticket ticket = tickets[index];
    if (ticket == null) {
      throw new IllegalStateException("hole in the heap at " + index);
    }
    return ticket;
  }

  private static boolean isEarlier(Ticket one, Ticket other) {
    return one.deadlineNanos() - other.deadlineNanos() < 0;
  }
}
