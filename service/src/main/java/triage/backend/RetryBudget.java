package triage.backend;

import com.google.errorprone.annotations.concurrent.GuardedBy;

/// How many requests of one model version may be tried a second time: at most a tenth of those that
/// were dispatched within the last ten seconds, but three in any case.
///
/// Retries beyond that would add to the load of backends that fail because of it.
///
/// **Threads**: safe for use by several threads.
///
/// **Source**: Finagle's and linkerd's retry budgets; Google, Site Reliability Engineering, ch. 21.
public final class RetryBudget {
  private static final int SECONDS = 10;
  private static final int LEAST = 3;
  private static final int PER_RETRY = 10;
  private static final long SECOND_NANOS = 1_000_000_000L;

  @GuardedBy("this")
  private final long[] dispatched = new long[SECONDS];

  @GuardedBy("this")
  private final long[] retried = new long[SECONDS];

  @GuardedBy("this")
  private long second = Long.MIN_VALUE;

  @GuardedBy("this")
  private long retries;

  @GuardedBy("this")
  private long denied;

  /// Counts a request that is given to a backend for the first time.
  public synchronized void dispatched(long nowNanos) {
    dispatched[slot(nowNanos)]++;
  }

  /// Takes one retry out of the budget, and tells whether there was one.
  public synchronized boolean take(long nowNanos) {
    int slot = slot(nowNanos);
    if (sum(retried) >= Math.max(LEAST, sum(dispatched) / PER_RETRY)) {
      denied++;
      return false;
    }
    retried[slot]++;
    retries++;
    return true;
  }

  /// Gives how many were taken since the start.
  public synchronized long retries() {
    return retries;
  }

  /// Gives how often there was none since the start.
  public synchronized long denied() {
    return denied;
  }

  /// Gives the place of the present second, after emptying those that have passed.
  @GuardedBy("this")
  private int slot(long nowNanos) {
    long now = Math.floorDiv(nowNanos, SECOND_NANOS);
    long from = Math.max(second + 1, now - SECONDS + 1);
    for (long passed = second == Long.MIN_VALUE ? now - SECONDS + 1 : from;
        passed <= now;
        passed++) {
      int slot = Math.floorMod(passed, SECONDS);
      dispatched[slot] = 0;
      retried[slot] = 0;
    }
    second = Math.max(second, now);
    return Math.floorMod(second, SECONDS);
  }

  private static long sum(long[] counts) {
    long sum = 0;
    for (long count : counts) {
      sum += count;
    }
    return sum;
  }
}
