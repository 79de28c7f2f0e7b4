package triage.perf.rival;

/// failsafe-go's adaptive limiter by its defaults, without its queue.
///
/// Written from the published rule and constants: failsafe-go is in Go, and the failsafe of Java
/// has no such limiter. Limits 1 to 200, at first 20. A window lasts 1 s or twice its least time,
/// at most 30 s, and at least 50 responses. From the smoothed 90th percentile of the windows and
/// its moving average of age ten, the baseline, comes `queue = ceil(limit x (1 - baseline /
/// recent))`. It and the correlations of what is in flight with throughput and with time say
/// whether the limit moves by `lg = max(1, floor(log10 limit))`; it is capped at five times what
/// was in flight.
///
/// A request whose deadline passed, or whose client left, is `Drop` and gives no sample: so the
/// library's documents advise. An error is a sample.
///
/// **Source**: overload-control section 2.4; failsafe-go/failsafe-go,
/// `adaptivelimiter/adaptivelimiter.go`, `adaptivelimiter/adaptiveexecutor.go`.
///
/// **Threads**: confined to one.
final class FailsafeLimiter implements Rival {
  private static final double LIMIT_MIN = 1;
  private static final double LIMIT_MAX = 200;
  private static final double IN_FLIGHT_FACTOR = 5;
  private static final long WINDOW_NANOS_MIN = 1_000_000_000L;
  private static final long WINDOW_NANOS_MAX = 30 * WINDOW_NANOS_MIN;
  private static final int SAMPLES_MIN = 50;

  final MovingAverage baseline = new MovingAverage(10);
  private final int samplesMin;
  private final FailsafeWindow window = new FailsafeWindow();
  private final Correlation withThroughput = new Correlation();
  private final Correlation withTime = new Correlation();
  private final Dispatched dispatched = new Dispatched();
  private double limit = 20;
  private long nextUpdate;

  FailsafeLimiter() {
    this(SAMPLES_MIN);
  }

  /// With windows of at least so many responses.
  FailsafeLimiter(int samplesMin) {
    this.samplesMin = samplesMin;
  }

  @Override
  public boolean tryAcquire(int priority, long nowNanos) {
    int inFlight = dispatched.size();
    if (inFlight >= (int) limit) {
      return false;
    }
    dispatched.put(nowNanos, inFlight + 1);
    return true;
  }

  @Override
  public void release(long startNanos, Ending ending, long nowNanos) {
    boolean isFull = dispatched.size() >= (int) limit;
    int inFlight = dispatched.take(startNanos);
    if (ending == Ending.SUCCESS || ending == Ending.FAILED) {
      window.add(nowNanos - startNanos, inFlight);
    }
    updateWhenDue(nowNanos, isFull);
  }

  @Override
  public double limit() {
    return (int) limit;
  }

  /// Takes a response that was never asked for: for checks.
  void sample(long timeNanos, int inFlight, long nowNanos) {
    window.add(timeNanos, inFlight);
    updateWhenDue(nowNanos, false);
  }

  private void updateWhenDue(long nowNanos, boolean isFull) {
    if (nowNanos <= nextUpdate || window.size() < samplesMin) {
      return;
    }
    update(window.smooth(), window.inFlightMost(), isFull);
    long length = Math.max(window.leastNanos() * 2, WINDOW_NANOS_MIN);
    nextUpdate = nowNanos + Math.min(length, WINDOW_NANOS_MAX);
    window.clear();
  }

  private void update(double recentNanos, int inFlight, boolean isFull) {
    double ratio = baseline.add(recentNanos) / recentNanos;
    int queue = (int) Math.ceil(limit * (1 - ratio));
    double throughput = inFlight / (recentNanos / 1e9);
    double throughputCorrelation = withThroughput.add(inFlight, throughput);
    double timeCorrelation = withTime.add(inFlight, recentNanos);
    int step = step(limit);
    int direction =
        direction(
            queue,
            step,
            isFull,
            throughputCorrelation,
            withThroughput.variationY(),
            timeCorrelation);
    double next = limit + direction * step;
    double cap = inFlight * IN_FLIGHT_FACTOR;
    if (next > cap) {
      next = limit > cap ? limit - step : cap;
    }
    limit = Math.clamp(next, LIMIT_MIN, LIMIT_MAX);
  }

  /// How far the limit moves at a time: the whole digits of its logarithm, at least one.
  static int step(double limit) {
    return Math.max(1, (int) Math.log10(Math.max(1, (int) limit)));
  }

  /// Whether the limit goes down (-1), stays (0) or goes up (1).
  static int direction(
      int queue,
      int step,
      boolean isFull,
      double throughputCorrelation,
      double throughputVariation,
      double timeCorrelation) {
    boolean timeRises = timeCorrelation > 0.5;
    boolean isOverloaded =
        throughputCorrelation < 0
            || (timeRises && (throughputCorrelation < 0.3 || throughputVariation < 0.2));
    if (queue > 6 * step || (isFull && isOverloaded)) {
      return -1;
    }
    return queue < 3 * step ? 1 : 0;
  }
}
