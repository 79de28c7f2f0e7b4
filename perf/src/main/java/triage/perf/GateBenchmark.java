package triage.perf;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import triage.admission.Gate;
import triage.admission.Outcome;
import triage.admission.Ticket;

/// What a decision at a gate costs, without the lock that guards it in the service.
///
/// A ticket is made for each request, as the service does, and kept from being optimised away:
/// garbage beyond that of [TicketBenchmark#ticket()] is the gate's own.
///
/// **Units**: nanoseconds per admission with its settlement, or per refusal.
///
/// **Threads**: each thread has gates of its own.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class GateBenchmark {
  private Gate selfTuning;
  private Gate fixed;
  private Gate full;
  private long now;

  /// Makes two gates with room and one that is full to the last place.
  @Setup
  public void fill() {
    selfTuning = Gates.selfTuning();
    fixed = Gates.fixed();
    full = Gates.full();
  }

  /// Admits a request under a limit that tunes itself, and takes its permit back.
  @Benchmark
  public Ticket admitAndSettle() {
    return through(selfTuning);
  }

  /// Admits a request under a fixed limit, and takes its permit back.
  @Benchmark
  public Ticket admitAndSettleFixed() {
    return through(fixed);
  }

  /// Refuses a request because the queue is full.
  @Benchmark
  public Ticket refuse() {
    now += 1_000;
    Ticket ticket = Gates.ticket();
    full.offer(ticket, now);
    return ticket;
  }

  private Ticket through(Gate gate) {
    now += 1_000;
    Ticket ticket = Gates.ticket();
    gate.offer(ticket, now);
    gate.settle(ticket, Outcome.SERVED, 0, now + 500);
    return ticket;
  }
}
