package triage.perf;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import triage.admission.Criticality;
import triage.admission.Gate;
import triage.admission.GateSettings;
import triage.admission.LimitSettings;
import triage.admission.Outcome;
import triage.admission.Ticket;
import triage.admission.Verdict;

/// What a decision at a gate costs.
///
/// A ticket is made for each request, as the service does; the figures of the allocation profiler
/// show it and nothing else.
///
/// **Units**: nanoseconds per admission with its settlement, or per refusal.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class GateBenchmark {
  private static final String TENANT = "tenant";

  private Gate open;
  private Gate full;
  private long now;

  /// Makes one gate with room and one that is full to the last place.
  @Setup
  public void fill() {
    open = new Gate(new GateSettings(1_000), List.of(LimitSettings.fixed(64)));
    full = new Gate(new GateSettings(1), List.of(LimitSettings.fixed(1)));
    require(full.offer(ticket(), now), Verdict.ADMITTED);
    require(full.offer(ticket(), now), Verdict.WAITING);
  }

  /// Admits a request and takes its permit back.
  @Benchmark
  public Verdict admitAndSettle() {
    now += 1_000;
    Ticket ticket = ticket();
    Verdict verdict = open.offer(ticket, now);
    open.settle(ticket, Outcome.SERVED, 0, now + 500);
    return verdict;
  }

  /// Refuses a request because the queue is full.
  @Benchmark
  public Verdict refuse() {
    now += 1_000;
    return full.offer(ticket(), now);
  }

  private static Ticket ticket() {
    return new Ticket(TENANT, Criticality.CRITICAL, Ticket.NO_DEADLINE);
  }

  private static void require(Verdict verdict, Verdict expected) {
    if (verdict != expected) {
      throw new IllegalStateException(verdict + " (expected: " + expected + ")");
    }
  }
}
