package triage.perf;

import com.netflix.concurrency.limits.Limiter;
import com.netflix.concurrency.limits.limit.FixedLimit;
import com.netflix.concurrency.limits.limiter.SimpleLimiter;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/// What Netflix's limiter costs, with a fixed limit: the least that it can.
///
/// **Units**: nanoseconds per permit taken and given back, or per refusal.
///
/// **Threads**: all threads meet at the same limiters.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class NetflixBenchmark {
  private static final String CONTEXT = "request";

  private Limiter<String> open;
  private Limiter<String> full;

  /// Makes one limiter with room and one without.
  @Setup
  public void fill() {
    open = SimpleLimiter.<String>newBuilder().limit(FixedLimit.of(64)).build();
    full = SimpleLimiter.<String>newBuilder().limit(FixedLimit.of(1)).build();
    full.acquire(CONTEXT).orElseThrow();
  }

  /// Takes a permit and gives it back.
  @Benchmark
  public Limiter.Listener acquireAndSucceed() {
    Limiter.Listener permit = open.acquire(CONTEXT).orElseThrow();
    permit.onSuccess();
    return permit;
  }

  /// Is refused for lack of room.
  @Benchmark
  public Optional<Limiter.Listener> refuse() {
    return full.acquire(CONTEXT);
  }
}
