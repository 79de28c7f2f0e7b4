package triage.simulation;

import java.util.ArrayDeque;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;
import triage.admission.Criticality;

/// A server with some slots and a queue: the first to come is the first to be worked on.
///
/// **Threads**: confined to its simulation.
public final class SlotServer implements ModelServer {
  private final PriorityQueue<Work> working = new PriorityQueue<>();
  private final ArrayDeque<Arrival> queue = new ArrayDeque<>();
  private final double slowness;
  private int slots;
  private long number;

  /// Makes an idle server.
  public SlotServer(int slots) {
    this(slots, 1);
  }

  /// Makes an idle server that takes a multiple of the usual time.
  public SlotServer(int slots, double slowness) {
    this.slots = slots;
    this.slowness = slowness;
  }

  /// Gives it work that nobody waits for any more, as a gateway that has gone leaves behind.
  public void occupy(int count, long workNanos, long nowNanos) {
    for (int i = 0; i < count; i++) {
      Arrival left =
          new Arrival(
              0,
              Arrival.FOREIGN,
              Criticality.CRITICAL,
              nowNanos,
              Long.MAX_VALUE,
              (double) workNanos,
              1);
      left.fate = Arrival.Fate.LATE;
      queue.add(left);
    }
    fill(nowNanos);
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
    return next == null ? Long.MAX_VALUE : (long) next.dueAt();
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
      working.add(
          new Work((double) (nowNanos + (long) (next.workNanos * slowness)), number++, next));
    }
  }
}
