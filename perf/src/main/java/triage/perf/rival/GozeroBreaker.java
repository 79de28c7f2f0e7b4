package triage.perf.rival;

import java.util.SplittableRandom;

/// What go-zero does in front of a remote backend: its breaker, and nothing else.
///
/// Its shedder asks the gateway's own processor, which is idle while it waits, so the shedder never
/// fires. Its breaker refuses by chance, the more the fewer of the recent requests were accepted.
/// Written from the published rule and constants: go-zero is not in Java.
///
/// The window is 10 s in 40 buckets. With `total` requests, refused ones included, of which
/// `accepts` succeeded, the ratio is `(total - 5 - w accepts) / (total + 1)`. The weight `w` falls
/// from 1.5 to no less than 1.1 with the buckets, the last of the window, in which only failures
/// were seen; the ratio shrinks with those in which only successes were seen. One request passes
/// if none did for a second. Deadlines missed and errors are failures; a client that left is not.
///
/// **Source**: overload-control section 2.1; zeromicro/go-zero, `core/breaker/googlebreaker.go`,
/// `rest/httpc/service.go`.
///
/// **Threads**: confined to one.
final class GozeroBreaker implements Rival {
  private static final int BUCKETS = 40;
  private static final long BUCKET_NANOS = 250_000_000;
  private static final long FORCED_PASS_NANOS = 1_000_000_000;
  private static final double WEIGHT = 1.5;
  private static final double WEIGHT_MIN = 1.1;
  private static final int PROTECTED = 5;
  private static final long NEVER = Long.MIN_VALUE;

  private final SplittableRandom random;
  private final int[] totals = new int[BUCKETS];
  private final int[] successes = new int[BUCKETS];
  private final int[] failures = new int[BUCKETS];
  private long total;
  private long accepts;
  private long newest;
  private int failingBuckets;
  private int workingBuckets;
  private boolean runsAreStale;
  private long lastPass = NEVER;

  GozeroBreaker(long seed) {
    random = new SplittableRandom(seed);
  }

  @Override
  public boolean tryAcquire(int priority, long nowNanos) {
    advance(nowNanos);
    countRuns();
    double ratio = dropRatio(total, accepts, failingBuckets);
    if (ratio <= 0) {
      return true;
    }
    boolean isForced = lastPass != NEVER && nowNanos - lastPass > FORCED_PASS_NANOS;
    double chance = ratio * (BUCKETS - workingBuckets) / BUCKETS;
    if (!isForced && random.nextDouble() < chance) {
      totals[bucket()]++;
      total++;
      return false;
    }
    lastPass = nowNanos;
    return true;
  }

  @Override
  public void release(long startNanos, Ending ending, long nowNanos) {
    advance(nowNanos);
    int bucket = bucket();
    totals[bucket]++;
    total++;
    boolean isAccepted = ending == Ending.SUCCESS || ending == Ending.IGNORED;
    if (isAccepted) {
      accepts++;
    }
    int[] counts = isAccepted ? successes : failures;
    runsAreStale |= counts[bucket]++ == 0;
  }

  @Override
  public double limit() {
    return Double.NaN;
  }

  /// The part to refuse, before buckets without a failure are taken into account; may be negative.
  static double dropRatio(long total, long accepts, int failingBuckets) {
    double falling = WEIGHT - (WEIGHT - WEIGHT_MIN) * failingBuckets / BUCKETS;
    double weighted = Math.max(falling, WEIGHT_MIN) * accepts;
    return (total - PROTECTED - weighted) / (total + 1);
  }

  private int bucket() {
    return (int) (newest % BUCKETS);
  }

  private void advance(long nowNanos) {
    long current = nowNanos / BUCKET_NANOS;
    if (current == newest) {
      return;
    }
    long cleared = Math.min(BUCKETS, current - newest);
    for (long number = current - cleared + 1; number <= current; number++) {
      int bucket = (int) (number % BUCKETS);
      total -= totals[bucket];
      accepts -= successes[bucket];
      totals[bucket] = 0;
      successes[bucket] = 0;
      failures[bucket] = 0;
    }
    newest = current;
    runsAreStale = true;
  }

  /// Counts the two runs that reach up to the newest bucket; only refused requests end neither.
  private void countRuns() {
    if (!runsAreStale) {
      return;
    }
    runsAreStale = false;
    failingBuckets = 0;
    workingBuckets = 0;
    for (long number = newest + 1; number <= newest + BUCKETS; number++) {
      int bucket = (int) (number % BUCKETS);
      boolean hasSuccess = successes[bucket] > 0;
      boolean hasFailure = failures[bucket] > 0;
      if (hasFailure) {
        workingBuckets = 0;
        failingBuckets += hasSuccess ? 0 : 1;
      }
      if (hasSuccess) {
        failingBuckets = 0;
        workingBuckets += hasFailure ? 0 : 1;
      }
    }
  }
}
