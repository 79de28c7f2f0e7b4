package triage.simulation;

import java.util.PriorityQueue;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;

/// A server that works on everything it holds at once, each piece at the same speed: processor
/// sharing, thrashing and batching are curves of its total speed.
///
/// **Threads**: confined to its simulation.
public final class SharingServer implements ModelServer {
  private final PriorityQueue<Work> working = new PriorityQueue<>();
  private final DoubleUnaryOperator speedOfLoad;
  private double slots;
  private double progress;
  private long sinceNanos;
  private long number;

  /// Makes an idle server.
  ///
  /// @param speedOfLoad the total speed as a multiple of the slots, by the number held as a
  ///     multiple of the slots: `load -> Math.min(1, load)` shares and does not thrash
  public SharingServer(int slots, DoubleUnaryOperator speedOfLoad) {
    this.slots = slots;
    this.speedOfLoad = speedOfLoad;
  }

  @Override
  public boolean take(Arrival arrival, long nowNanos) {
    catchUp(nowNanos);
    working.add(new Work(progress + arrival.workNanos, number++, arrival));
    return true;
  }

  @Override
  public long nextNanos() {
    Work next = working.peek();
    return next == null
        ? Long.MAX_VALUE
        : sinceNanos + (long) Math.ceil(Math.max(0, next.dueAt() - progress) / speed());
  }

  @Override
  public @Nullable Arrival finish(long nowNanos) {
    catchUp(nowNanos);
    Work done = working.poll();
    return done == null ? null : done.arrival();
  }

  @Override
  public void capacity(int slots, long nowNanos) {
    catchUp(nowNanos);
    this.slots = slots;
  }

  private void catchUp(long nowNanos) {
    if (!working.isEmpty()) {
      progress += (nowNanos - sinceNanos) * speed();
    }
    sinceNanos = nowNanos;
  }

  /// Gives the progress of each piece of work per nanosecond.
  private double speed() {
    int held = working.size();
    return held == 0 ? 1 : slots * speedOfLoad.applyAsDouble(held / slots) / held;
  }
}
