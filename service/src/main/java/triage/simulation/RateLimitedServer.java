package triage.simulation;

import org.jspecify.annotations.Nullable;

/// A server behind a token bucket, as providers of models have it: what comes faster is told that
/// it is too much (429), and costs nothing.
///
/// **Threads**: confined to its simulation.
public final class RateLimitedServer implements ModelServer {
  private static final double SECOND = 1e9;

  private final ModelServer server;
  private final double perSecond;
  private final double burst;
  private double tokens;
  private long filledNanos;

  /// Puts a full bucket before a server.
  ///
  /// @param perSecond how many tokens are added in a second
  /// @param burst how many it holds
  public RateLimitedServer(ModelServer server, double perSecond, int burst) {
    this.server = server;
    this.perSecond = perSecond;
    this.burst = burst;
    this.tokens = burst;
  }

  @Override
  public boolean take(Arrival arrival, long nowNanos) {
    tokens = Math.min(burst, tokens + (nowNanos - filledNanos) / SECOND * perSecond);
    filledNanos = nowNanos;
    if (tokens < 1 || !server.take(arrival, nowNanos)) {
      return false;
    }
    tokens--;
    return true;
  }

  @Override
  public long nextNanos() {
    return server.nextNanos();
  }

  @Override
  public @Nullable Arrival finish(long nowNanos) {
    return server.finish(nowNanos);
  }

  @Override
  public void capacity(int slots, long nowNanos) {
    server.capacity(slots, nowNanos);
  }
}
