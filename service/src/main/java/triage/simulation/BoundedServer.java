package triage.simulation;

import org.jspecify.annotations.Nullable;

/// A server that holds so many requests at once, working on them or not: one more is told at once
/// that there is too much to do, and costs nothing.
///
/// **Threads**: confined to its simulation.
public final class BoundedServer implements ModelServer {
  private final ModelServer server;
  private final int most;
  private int held;

  /// Bounds a server.
  ///
  /// @param most how many it holds at once
  public BoundedServer(ModelServer server, int most) {
    this.server = server;
    this.most = most;
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
    server.capacity(slots, nowNanos);
  }
}
