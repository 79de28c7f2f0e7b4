package triage.perf.rival;

import io.github.resilience4j.bulkhead.Bulkhead;

/// Resilience4j's published semaphore bulkhead by its defaults: 25 at once, nobody waits.
///
/// The library decides. It reads no clock: without a wait a decision is one try of a semaphore.
/// It adapts to nothing; its adaptive bulkhead was never released.
///
/// **Source**: io.github.resilience4j:resilience4j-bulkhead 2.3.0 (Apache-2.0), `BulkheadConfig`.
///
/// **Threads**: confined to one.
final class ResilienceBulkhead implements Rival {
  private final Bulkhead bulkhead = Bulkhead.ofDefaults("rival");

  @Override
  public boolean tryAcquire(int priority, long nowNanos) {
    return bulkhead.tryAcquirePermission();
  }

  @Override
  public void release(long startNanos, Ending ending, long nowNanos) {
    bulkhead.onComplete();
  }

  @Override
  public double limit() {
    return bulkhead.getBulkheadConfig().getMaxConcurrentCalls();
  }
}
