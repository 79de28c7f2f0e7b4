package triage.audit;

import java.util.concurrent.atomic.AtomicBoolean;

/// The right to one row of the trail, from [AuditTrail#reserve]: used up by recording the row or by
/// giving the slot back, whichever comes first.
///
/// **Threads**: safe for use by several threads.
public final class Slot {
  private final boolean room;
  private final AtomicBoolean used = new AtomicBoolean();

  /// Makes a slot with room in the buffer, or one whose row will have to find room or be counted.
  Slot(boolean room) {
    this.room = room;
  }

  /// Says whether room is held for this slot.
  boolean hasRoom() {
    return room;
  }

  /// Uses the slot up, and says whether it was still unused.
  boolean use() {
    return used.compareAndSet(false, true);
  }
}
