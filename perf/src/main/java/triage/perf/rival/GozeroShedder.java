package triage.perf.rival;

/// go-zero's adaptive shedder with its processor gate forced open at 900 of 1000, where the factor
/// on its limit is 1.
///
/// This is its limit formula at its best; in front of a remote backend the gate is never open, see
/// [GozeroBreaker]. Written from the published rule and constants: go-zero is not in Java.
///
/// The window is 5 s in 50 buckets of 100 ms, the current one left out. The limit is the most
/// passes of a bucket x the least of the buckets' mean times in milliseconds x 0.01, at least 1;
/// each time is rounded up to a millisecond, and without one 1000 ms hold. Refused is who finds the
/// limit exceeded both by the requests in flight and by their moving average (0.9 of the old; moved
/// when a request ends). A deadline missed gives neither time nor pass; all other endings do.
///
/// **Source**: overload-control section 2.1; zeromicro/go-zero, `core/load/adaptiveshedder.go`,
/// `rest/handler/sheddinghandler.go`.
///
/// **Threads**: confined to one.
final class GozeroShedder implements Rival {
  private static final int BUCKETS = 50;
  private static final long BUCKET_NANOS = 100_000_000;
  private static final long MILLISECOND = 1_000_000;
  private static final double TIME_MILLIS_DEFAULT = 1_000;
  private static final double BUCKETS_PER_MILLISECOND = 0.01;
  private static final double AVERAGE_KEPT = 0.9;

  private final long[] passes = new long[BUCKETS];
  private final long[] timeSums = new long[BUCKETS];
  private long newest;
  private long inFlight;
  private double averageInFlight;
  private double limit = TIME_MILLIS_DEFAULT * BUCKETS_PER_MILLISECOND;

  @Override
  public boolean tryAcquire(int priority, long nowNanos) {
    advance(nowNanos);
    if (averageInFlight > limit && inFlight > limit) {
      return false;
    }
    inFlight++;
    return true;
  }

  @Override
  public void release(long startNanos, Ending ending, long nowNanos) {
    advance(nowNanos);
    inFlight--;
    averageInFlight = averageInFlight * AVERAGE_KEPT + inFlight * (1 - AVERAGE_KEPT);
    if (ending != Ending.DROPPED) {
      int bucket = (int) (newest % BUCKETS);
      passes[bucket]++;
      timeSums[bucket] += Math.ceilDiv(nowNanos - startNanos, MILLISECOND);
    }
  }

  @Override
  public double limit() {
    return limit;
  }

  private void advance(long nowNanos) {
    long current = nowNanos / BUCKET_NANOS;
    if (current == newest) {
      return;
    }
    long cleared = Math.min(BUCKETS, current - newest);
    for (long number = current - cleared + 1; number <= current; number++) {
      passes[(int) (number % BUCKETS)] = 0;
      timeSums[(int) (number % BUCKETS)] = 0;
    }
    newest = current;
    limit = limitOfWindow();
  }

  /// To be taken when a bucket has just begun: it is still empty, and so left out.
  private double limitOfWindow() {
    long passesMost = 1;
    double timeLeast = TIME_MILLIS_DEFAULT;
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
      if (passes[bucket] > 0) {
        passesMost = Math.max(passesMost, passes[bucket]);
        double mean = Math.round((double) timeSums[bucket] / passes[bucket]);
        timeLeast = Math.min(timeLeast, mean);
      }
    }
    return Math.max(1, passesMost * timeLeast * BUCKETS_PER_MILLISECOND);
  }
}
