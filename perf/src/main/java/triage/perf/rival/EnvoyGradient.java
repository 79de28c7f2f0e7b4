package triage.perf.rival;

import java.util.SplittableRandom;

/// Envoy's adaptive concurrency: a limit from the ratio of a pinned least latency to the present.
///
/// Written from the published rule and constants: Envoy is in C++. Where its configuration has no
/// default, the value is the documents' example: an update each 100 ms, a new least latency each
/// 60 s. By default: median, buffer 25 %, up to 15 % jitter, 50 requests, 3 to 1000 at once.
///
/// At an update `L = gL + sqrt(gL)`, `g = least x 1.25 / median` within 0.5 and 2, rounded down. To
/// measure the least latency the limit is held at 3 until 50 requests that began since have ended;
/// then the old limit returns. So it begins, and after the fifth update in a row at 3. Windows
/// without a sample change nothing. Latencies are microseconds in an [EnvoyHistogram]. Every answer
/// is a sample, a timeout's as well; a request whose client left is none.
///
/// Its timers run when somebody calls, at the times at which they were due.
///
/// **Source**: overload-control section 2.3; envoyproxy/envoy, `source/extensions/filters/http/`
/// `adaptive_concurrency/controller/gradient_controller.cc`, `adaptive_concurrency_filter.cc`.
///
/// **Threads**: confined to one.
final class EnvoyGradient implements Rival {
  static final int LIMIT_MIN = 3;
  private static final int LIMIT_MAX = 1_000;
  private static final int REQUESTS = 50;
  private static final int UPDATES_AT_MIN = 5;
  private static final double BUFFERED = 1.25;
  private static final long MILLISECOND = 1_000_000;
  private static final long UPDATE_NANOS = 100 * MILLISECOND;
  private static final long LEAST_NANOS = 60_000 * MILLISECOND;
  private static final int JITTER_MILLIS = 9_000;
  private static final long NEVER = Long.MAX_VALUE;

  private final SplittableRandom random;
  private final EnvoyHistogram latencies = new EnvoyHistogram();
  private int limit = LIMIT_MIN;
  private int limitBefore = LIMIT_MIN;
  private boolean isMeasuring = true;
  private long measuringSince;
  private long leastMicros;
  private long nextUpdate = UPDATE_NANOS;
  private long nextLeast = NEVER;
  private int updatesAtMin;
  private int inFlight;

  EnvoyGradient(long seed) {
    random = new SplittableRandom(seed);
  }

  @Override
  public boolean tryAcquire(int priority, long nowNanos) {
    runTimers(nowNanos);
    if (inFlight >= limit) {
      return false;
    }
    inFlight++;
    return true;
  }

  @Override
  public void release(long startNanos, Ending ending, long nowNanos) {
    runTimers(nowNanos);
    inFlight--;
    if (ending == Ending.IGNORED || startNanos < measuringSince) {
      return;
    }
    latencies.add((nowNanos - startNanos) / 1_000);
    if (isMeasuring && latencies.count() >= REQUESTS) {
      endMeasuring(nowNanos);
    }
  }

  @Override
  public double limit() {
    return limit;
  }

  /// The limit after an update, from the least latency and the present one.
  static int next(int limit, long leastMicros, long sampleMicros) {
    double gradient = Math.clamp(leastMicros * BUFFERED / sampleMicros, 0.5, 2);
    double scaled = limit * gradient;
    return (int) Math.clamp(scaled + Math.sqrt(scaled), LIMIT_MIN, LIMIT_MAX);
  }

  private void runTimers(long nowNanos) {
    while (nextUpdate <= nowNanos || nextLeast <= nowNanos) {
      if (nextLeast <= nextUpdate) {
        beginMeasuring(nextLeast);
      } else if (isMeasuring) {
        nextUpdate = NEVER;
      } else if (latencies.count() > 0) {
        long due = nextUpdate;
        nextUpdate += UPDATE_NANOS;
        update(due);
      } else {
        nextUpdate += ((nowNanos - nextUpdate) / UPDATE_NANOS + 1) * UPDATE_NANOS;
      }
    }
  }

  private void beginMeasuring(long atNanos) {
    nextLeast = NEVER;
    if (isMeasuring) {
      return;
    }
    isMeasuring = true;
    measuringSince = atNanos;
    limitBefore = limit;
    limit = LIMIT_MIN;
    updatesAtMin = 0;
    latencies.clear();
  }

  private void endMeasuring(long nowNanos) {
    leastMicros = takeMedian();
    limit = limitBefore;
    isMeasuring = false;
    updatesAtMin = 0;
    nextLeast = nowNanos + LEAST_NANOS + random.nextInt(JITTER_MILLIS) * MILLISECOND;
    nextUpdate = nowNanos + UPDATE_NANOS;
  }

  private void update(long atNanos) {
    int updated = next(limit, leastMicros, takeMedian());
    boolean staysAtMin = limit == LIMIT_MIN && updated == LIMIT_MIN;
    updatesAtMin = staysAtMin ? updatesAtMin + 1 : 0;
    limit = updated;
    if (updatesAtMin >= UPDATES_AT_MIN) {
      nextLeast = atNanos;
    }
  }

  /// Not zero, which Envoy asserts: a latency below a microsecond counts as one.
  private long takeMedian() {
    long median = Math.max(1, (long) latencies.quantile(0.5));
    latencies.clear();
    return median;
  }
}
