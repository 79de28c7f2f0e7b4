package triage.admission;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Those at one gate whose backend has failed them and who wait for another one. They come before
/// all others, since they have had their turn already.
///
/// Few, as the owner's retry budget has it, and never more than 64.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class SecondTries {
  private static final int WAITING_MAX = 64;

  private final ArrayDeque<Ticket> waiting = new ArrayDeque<>();

  int size() {
    return waiting.size();
  }

  boolean isFull() {
    return waiting.size() >= WAITING_MAX;
  }

  void add(Ticket ticket) {
    waiting.add(ticket);
  }

  boolean remove(Ticket ticket) {
    return waiting.remove(ticket);
  }

  /// Takes out one whose deadline has passed; `null` if there is none.
  @Nullable Ticket takeExpired(long nowNanos) {
    return waiting.isEmpty() ? null : takeFirst(ticket -> ticket.expiredBy(nowNanos));
  }

  /// Takes out one that no backend in rotation may take; `null` if there is none.
  @Nullable Ticket takeStranded(Rotation rotation) {
    return waiting.isEmpty() ? null : takeFirst(ticket -> !rotation.anyOpenFor(ticket));
  }

  /// Takes out the first one that a backend has room for; `null` if there is none. Its lane is set.
  @Nullable Ticket takeAdmissible(Rotation rotation, long nowNanos) {
    if (waiting.isEmpty()) {
      return null;
    }
    return takeFirst(ticket -> {
      ticket.lane = rotation.withRoom(ticket, nowNanos);
      return ticket.lane >= 0;
    });
  }

  private @Nullable Ticket takeFirst(Predicate<Ticket> wanted) {
    for (Iterator<Ticket> all = waiting.iterator(); all.hasNext(); ) {
      Ticket ticket = all.next();
      if (wanted.test(ticket)) {
        all.remove();
        return ticket;
      }
    }
    return null;
  }
}
