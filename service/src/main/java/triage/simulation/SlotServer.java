package triage.simulation;

import java.util.ArrayDeque;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/// A server with some slots and a queue: the first to come is the first to be worked on.
///
/// **Threads**: confined to its simulation.
public final class SlotServer implements ModelServer {
  private record Work(long endNanos, long number, Arrival arrival) implements Comparable<Work> {
    @Override
    public int compareTo(Work other) {
      int byTime = Long.compare(endNanos, other.endNanos);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }
  }

  private final PriorityQueue<Work> working = new PriorityQueue<>();
  private final ArrayDeque<Arrival> queue = new ArrayDeque<>();
  private int slots;
  private long number;

  /// Makes an idle server.
  public SlotServer(int slots) {
    this.slots = slots;
  }

  @Override
  public boolean take(Arrival arrival, long nowNanos) {
    queue.add(arrival);
    fill(nowNanos);
    return true;
  }

  @Override
  public long nextNanos() {
    Work next = working.peek();
    return next == null ? Long.MAX_VALUE : next.endNanos();
  }

  @Override
  public @Nullable Arrival finish(long nowNanos) {
    Work done = working.poll();
    fill(nowNanos);
    return done == null ? null : done.arrival();
  }

  @Override
  public void capacity(int slots, long nowNanos) {
    this.slots = slots;
    fill(nowNanos);
  }

  private void fill(long nowNanos) {
    while (working.size() < slots) {
      Arrival next = queue.poll();
      if (next == null) {
        return;
      }
      working.add(new Work(nowNanos + (long) next.workNanos, number++, next));
    }
  }
}
