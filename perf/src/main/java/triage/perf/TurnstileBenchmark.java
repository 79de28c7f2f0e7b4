package triage.perf;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import triage.admission.Outcome;
import triage.backend.Pass;
import triage.backend.Turnstile;

/// What a decision costs a request of the service: the gate, its lock, and the clock.
///
/// A pass is made for each request, as the service does, and kept from being optimised away:
/// garbage beyond that of [TicketBenchmark#pass()] is the turnstile's own.
///
/// **Units**: nanoseconds per admission with its settlement, or per refusal.
///
/// **Threads**: all threads meet at the same turnstiles.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class TurnstileBenchmark {
  private Turnstile selfTuning;
  private Turnstile fixed;
  private Turnstile full;
  private Pass held;

  /// Makes two turnstiles with room and one that is full to the last place.
  @Setup
  public void fill() {
    selfTuning = Gates.selfTuningTurnstile();
    fixed = Gates.fixedTurnstile();
    held = Gates.pass();
    full = Gates.fullTurnstile(held);
  }

  /// Lets the thread go that waits at the full turnstile.
  @TearDown
  public void empty() {
    full.leave(held, Outcome.SERVED, 0);
  }

  /// Enters under a limit that tunes itself, and leaves.
  @Benchmark
  public Pass enterAndLeave() {
    return through(selfTuning);
  }

  /// Enters under a fixed limit, and leaves.
  @Benchmark
  public Pass enterAndLeaveFixed() {
    return through(fixed);
  }

  /// Is refused because the queue is full.
  @Benchmark
  public Pass refuse() {
    Pass pass = Gates.pass();
    full.enter(pass);
    return pass;
  }

  private static Pass through(Turnstile turnstile) {
    Pass pass = Gates.pass();
    turnstile.enter(pass);
    turnstile.leave(pass, Outcome.SERVED, 0);
    return pass;
  }
}
