package triage.admission;

import org.jspecify.annotations.Nullable;

/// Tickets that waited and have been decided, in the order of the decisions, until the owner takes
/// them. The tickets are the links of the chain, so that it makes no garbage.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class DecidedTickets {
  private @Nullable Ticket first;
  private @Nullable Ticket last;

  void add(Ticket ticket) {
    if (last == null) {
      first = ticket;
    } else {
      last.nextDecided = ticket;
    }
    last = ticket;
  }

  /// Gives the first of those since the last call, or `null` if there are none.
  @Nullable Ticket take() {
    Ticket taken = first;
    first = null;
    last = null;
    return taken;
  }
}
