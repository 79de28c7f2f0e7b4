package triage.perf;

import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/// What resilience4j's bulkhead costs: a semaphore with a fixed limit, without a queue of its own.
///
/// **Units**: nanoseconds per permit taken and given back, or per refusal.
///
/// **Threads**: all threads meet at the same bulkheads.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ResilienceBenchmark {
  private Bulkhead open;
  private Bulkhead full;

  /// Makes one bulkhead with room and one without.
  @Setup
  public void fill() {
    open = Bulkhead.of("open", BulkheadConfig.custom().maxConcurrentCalls(64).build());
    full = Bulkhead.of("full", BulkheadConfig.custom().maxConcurrentCalls(1).build());
    full.acquirePermission();
  }

  /// Takes a permit and gives it back.
  @Benchmark
  public boolean acquireAndComplete() {
    boolean permitted = open.tryAcquirePermission();
    open.onComplete();
    return permitted;
  }

  /// Is refused for lack of room.
  @Benchmark
  public boolean refuse() {
    return full.tryAcquirePermission();
  }
}
