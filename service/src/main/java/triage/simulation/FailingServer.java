package triage.simulation;

import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/// A server that answers some requests with an error, fast and without working on them.
///
/// **Threads**: confined to its simulation.
public final class FailingServer implements ModelServer {
  private final ModelServer server;
  private final double share;
  private final long afterNanos;
  private final Chance chance;
  private final PriorityQueue<Work> failing = new PriorityQueue<>();
  private long number;

  /// Makes a server fail.
  ///
  /// @param share of the requests that fail, 0 to 1
  /// @param afterNanos how soon
  /// @param chance which of them
  public FailingServer(ModelServer server, double share, long afterNanos, Chance chance) {
    this.server = server;
    this.share = share;
    this.afterNanos = afterNanos;
    this.chance = chance;
  }

  @Override
  public boolean take(Arrival arrival, long nowNanos) {
    if (chance.uniform() >= share) {
      return server.take(arrival, nowNanos);
    }
    arrival.failed = true;
    failing.add(new Work((double) (nowNanos + afterNanos), number++, arrival));
    return true;
  }

  @Override
  public long nextNanos() {
    return Math.min(nextFailureNanos(), server.nextNanos());
  }

  @Override
  public @Nullable Arrival finish(long nowNanos) {
    if (nextFailureNanos() > nowNanos) {
      return server.finish(nowNanos);
    }
    Work failed = failing.poll();
    return failed == null ? null : failed.arrival();
  }

  @Override
  public void capacity(int slots, long nowNanos) {
    server.capacity(slots, nowNanos);
  }

  private long nextFailureNanos() {
    Work next = failing.peek();
    return next == null ? Long.MAX_VALUE : (long) next.dueAt();
  }
}
