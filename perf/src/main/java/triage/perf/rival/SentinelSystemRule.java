package triage.perf.rival;

/// Sentinel's system rule, with its load gate held open: requests in flight against the best rate
/// times the least response time of the last second.
///
/// Written from the published rule and constants: the library reads the wall clock in a thread of
/// its own and keeps the rule in static state, so that it cannot be driven in virtual time. Blocked
/// is who finds more than one thread inside, and more than rate x least time. In production the
/// rule applies only while the 1-minute load average is above a set value, which a gateway that
/// waits for a remote backend does not reach; without the gate held open this would be no limiter.
///
/// The window is 1 s in two halves; the rate is twice the better half's completions, at least one;
/// response times are whole milliseconds, 1 to 5000. Every completion counts, errors as well: so
/// counts its statistic slot. The request that asks is not yet counted among the threads.
///
/// **Source**: overload-control section 2.5; alibaba/Sentinel, `SystemRuleManager.java`,
/// `ArrayMetric.java`, `MetricBucket.java`, `StatisticSlot.java`.
///
/// **Threads**: confined to one.
final class SentinelSystemRule implements Rival {
  private static final long MILLISECOND = 1_000_000;
  private static final long HALF_NANOS = 500 * MILLISECOND;
  private static final int TIME_MILLIS_MAX = 5_000;

  private long half;
  private int completions;
  private int completionsBefore;
  private long leastMillis = TIME_MILLIS_MAX;
  private long leastMillisBefore = TIME_MILLIS_MAX;
  private int threads;

  @Override
  public boolean tryAcquire(int priority, long nowNanos) {
    advance(nowNanos);
    if (threads > 1 && threads > limit()) {
      return false;
    }
    threads++;
    return true;
  }

  @Override
  public void release(long startNanos, Ending ending, long nowNanos) {
    advance(nowNanos);
    threads--;
    completions++;
    leastMillis = Math.min(leastMillis, nowNanos / MILLISECOND - startNanos / MILLISECOND);
  }

  @Override
  public double limit() {
    int perHalf = Math.max(1, Math.max(completions, completionsBefore));
    long least = Math.max(1, Math.min(leastMillis, leastMillisBefore));
    return perHalf * 2.0 * least / 1_000;
  }

  private void advance(long nowNanos) {
    long current = nowNanos / HALF_NANOS;
    if (current == half) {
      return;
    }
    boolean isNext = current == half + 1;
    completionsBefore = isNext ? completions : 0;
    leastMillisBefore = isNext ? leastMillis : TIME_MILLIS_MAX;
    completions = 0;
    leastMillis = TIME_MILLIS_MAX;
    half = current;
  }
}
