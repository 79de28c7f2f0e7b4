package triage.simulation;

import org.jspecify.annotations.Nullable;

/// A server that holds so many requests at once, working on them or not: one more is told at once
/// that there is too much to do, and costs nothing.
///
/// **Threads**: confined to its simulation.
public final class BoundedServer implements ModelServer {
  private final ModelServer server;
  private final int queue;
  private int most;
  private int held;

  /// Makes a server with some slots, and so many places beside them.
  public BoundedServer(int slots, int queue) {
    this.server = new SlotServer(slots);
    this.queue = queue;
    this.most = slots + queue;
  }

  @Override
  public boolean take(Arrival arrival, long nowNanos) {
    if (held >= most || !server.take(arrival, nowNanos)) {
      return false;
    }
    held++;
    return true;
  }

  @Override
  public long nextNanos() {
    return server.nextNanos();
  }

  @Override
  public @Nullable Arrival finish(long nowNanos) {
    Arrival done = server.finish(nowNanos);
    if (done != null) {
      held--;
    }
    return done;
  }

  @Override
  public void capacity(int slots, long nowNanos) {
    most = slots + queue;
    server.capacity(slots, nowNanos);
  }
}
