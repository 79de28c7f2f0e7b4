package triage.perf.live;

/// Arrivals of callers that each send their next request when the last one has ended.
///
/// For finding a server's capacity without drowning it, and for nothing else: such callers are slow
/// together with the server, and so hide what it does to others.
///
/// **Threads**: confined to one thread.
final class ClosedArrivals implements Arrivals {
  private int due;
  private long dueNanos;

  /// @param callers how many there are; each sends its first request at the beginning
  ClosedArrivals(int callers) {
    if (callers < 1) {
      throw new IllegalArgumentException("callers: " + callers + " (expected: >= 1)");
    }
    this.due = callers;
  }

  @Override
  public long nextNanos() {
    return due > 0 ? dueNanos : NONE;
  }

  @Override
  public void take() {
    due--;
  }

  @Override
  public void settled(long nowNanos) {
    due++;
    dueNanos = nowNanos;
  }
}
