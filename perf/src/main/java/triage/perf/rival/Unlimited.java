package triage.perf.rival;

/// No limiter at all: every request is dispatched. Immutable.
final class Unlimited implements Rival {
  @Override
  public boolean tryAcquire(int priority, long nowNanos) {
    return true;
  }

  @Override
  public void release(long startNanos, Ending ending, long nowNanos) {}

  @Override
  public double limit() {
    return Double.NaN;
  }
}
