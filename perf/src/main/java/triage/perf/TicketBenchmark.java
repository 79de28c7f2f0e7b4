package triage.perf;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import triage.admission.Ticket;
import triage.backend.Pass;

/// What the ticket costs that a request is offered with: a ticket is used once, so each of the
/// other benchmarks makes one for each request.
///
/// **Units**: nanoseconds, and bytes, per ticket.
///
/// **Threads**: has no state.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class TicketBenchmark {
  /// Makes what is offered to a gate.
  @Benchmark
  public Ticket ticket() {
    return Gates.ticket();
  }

  /// Makes what is offered to a turnstile.
  @Benchmark
  public Pass pass() {
    return Gates.pass();
  }
}
