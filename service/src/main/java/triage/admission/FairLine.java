package triage.admission;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Those of one class who wait: fair between tenants by the service they have had, and in the order
/// of its [TenantLine] within a tenant.
///
/// The tenants that wait form a binary heap by start tag, so that the next is found at once and a
/// dispatch costs the logarithm of the number of tenants. A tenant that neither waits nor has
/// anything in flight nor has had more than its share is forgotten once there are many.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class FairLine {
  private static final int REMEMBERED_MAX = 4_096;
  private static final int LOOKED_AT_MAX = 64;

  private final Map<String, TenantLine> tenants = new HashMap<>();
  private @Nullable TenantLine[] heap = new TenantLine[16];
  private int waitingTenants;
  private int size;
  private double virtualNanos;
  private double latestTag;
  private int inFlight;
  private int sweepAt = REMEMBERED_MAX;

  int size() {
    return size;
  }

  /// Gives how many tenants have somebody waiting.
  int waitingTenants() {
    return waitingTenants;
  }

  /// Gives the line of a tenant, made where there is none.
  TenantLine of(String tenant) {
    TenantLine line = tenants.get(tenant);
    if (line == null) {
      if (tenants.size() >= sweepAt) {
        forgetTheIdle();
        sweepAt = Math.max(REMEMBERED_MAX, 2 * tenants.size());
      }
      line = new TenantLine(tenant);
      line.tag = virtualNanos;
      tenants.put(tenant, line);
    }
    return line;
  }

  private void forgetTheIdle() {
    tenants
        .values()
        .removeIf(line -> line.size == 0 && line.inFlight == 0 && line.tag <= virtualNanos);
  }

  void add(Ticket ticket, TenantLine line) {
    line.add(ticket);
    size++;
    if (line.size == 1) {
      line.tag = Math.max(line.tag, virtualNanos);
      if (waitingTenants == heap.length) {
        heap = Arrays.copyOf(heap, heap.length * 2);
      }
      place(line, waitingTenants++);
      rise(line);
    }
  }

  void remove(Ticket ticket, TenantLine line) {
    line.remove(ticket);
    size--;
    if (line.size == 0) {
      int index = line.index;
      line.index = -1;
      TenantLine last = at(--waitingTenants);
      heap[waitingTenants] = null;
      if (last != line) {
        place(last, index);
        rise(last);
        sink(last);
      }
    }
  }

  /// Gives who is next, or `null` if nobody waits.
  @Nullable Ticket head() {
    return waitingTenants == 0 ? null : at(0).first;
  }

  /// Gives who is next of those with a deadline, or `null` if none of them waits.
  @Nullable Ticket pressingHead() {
    TenantLine next = null;
    for (int i = 0; i < waitingTenants; i++) {
      TenantLine line = at(i);
      if (line.isPressing() && (next == null || line.tag < next.tag)) {
        next = line;
      }
    }
    return next == null ? null : next.first;
  }

  /// Gives the last ticket of the tenant that would be served last, among a few looked at; `null`
  /// if nobody waits.
  @Nullable Ticket mostExpendable() {
    TenantLine last = null;
    int looked = Math.min(waitingTenants, LOOKED_AT_MAX);
    for (int i = waitingTenants - looked; i < waitingTenants; i++) {
      TenantLine line = at(i);
      if (last == null || line.lastTag() > last.lastTag()) {
        last = line;
      }
    }
    return last == null ? null : last.last;
  }

  /// Charges a dispatch, by what it will probably cost.
  void charge(TenantLine line, double nanos) {
    line.inFlight++;
    inFlight++;
    line.tag = Math.max(line.tag, virtualNanos);
    virtualNanos = line.tag;
    addToTag(line, nanos);
  }

  /// Corrects a charge once the cost is known.
  void correct(TenantLine line, double chargedNanos, double actualNanos, boolean known) {
    line.inFlight--;
    inFlight--;
    if (known) {
      line.usualNanos =
          line.usualNanos == 0
              ? actualNanos
              : line.usualNanos + 0.2 * (actualNanos - line.usualNanos);
      addToTag(line, actualNanos - chargedNanos);
    }
    if (inFlight == 0 && size == 0) {
      // The end of a busy period: nobody owes anything any more.
      virtualNanos = Math.max(virtualNanos, latestTag);
    }
  }

  /// Gives the tag that a newcomer of this tenant would have.
  double tagOfNewcomer(TenantLine line) {
    return Math.max(line.tag, virtualNanos) + line.size * line.usualNanos;
  }

  private void addToTag(TenantLine line, double nanos) {
    line.tag += nanos;
    latestTag = Math.max(latestTag, line.tag);
    if (line.index >= 0) {
      rise(line);
      sink(line);
    }
  }

  private void rise(TenantLine line) {
    int index = line.index;
    while (index > 0) {
      int above = (index - 1) >>> 1;
      TenantLine other = at(above);
      if (line.tag >= other.tag) {
        break;
      }
      place(other, index);
      index = above;
    }
    place(line, index);
  }

  private void sink(TenantLine line) {
    int index = line.index;
    while (true) {
      int below = 2 * index + 1;
      if (below >= waitingTenants) {
        break;
      }
      if (below + 1 < waitingTenants && at(below + 1).tag < at(below).tag) {
        below++;
      }
      TenantLine other = at(below);
      if (other.tag >= line.tag) {
        break;
      }
      place(other, index);
      index = below;
    }
    place(line, index);
  }

  private void place(TenantLine line, int index) {
    heap[index] = line;
    line.index = index;
  }

  private TenantLine at(int index) {
    TenantLine line = heap[index];
    if (line == null) {
      throw new IllegalStateException("hole in the heap at " + index);
    }
    return line;
  }
}
