package triage.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import triage.admission.Criticality;
import triage.admission.LimitSettings;
import triage.admission.Outcome;
import triage.simulation.Workload.Stream;

final class RetriesTest {
  private static final long SECOND = 1_000_000_000;
  private static final List<Stream> STREAMS =
      List.of(new Stream("tenant", Criticality.CRITICAL, 1, 1));

  @Test
  void aRequestIsTriedAsOftenAsItsCallerTriesAndIsLostOnce() {
    Refusing policy = new Refusing();
    Score score = run(policy, Retries.unlimited(3, .01), new SlotServer(1));

    assertThat(policy.seen).isEqualTo(3 * score.arrived(Criticality.CRITICAL)).isPositive();
    assertThat(score.shedShare()).isEqualTo(1);
  }

  @Test
  void aBudgetBoundsTheTries() {
    Refusing policy = new Refusing();
    Score score = run(policy, new Retries(2, .01, .1), new SlotServer(1));

    long requests = score.arrived(Criticality.CRITICAL);
    assertThat(policy.seen).isBetween(requests + requests / 10, requests + requests / 10 + 4);
  }

  @Test
  void withoutRetriesThereAreNone() {
    Refusing policy = new Refusing();
    Score score = run(policy, Retries.NONE, new SlotServer(1));

    assertThat(policy.seen).isEqualTo(score.arrived(Criticality.CRITICAL));
  }

  @Test
  void whatWasServedIsNotTriedAgain() {
    GatePolicy open = new GatePolicy(List.of(LimitSettings.fixed(100)), SECOND);
    Score score = run(open, Retries.unlimited(3, 0), new SlotServer(100));

    assertThat(score.attemptsOverRequests()).isEqualTo(1);
    assertThat(score.success(Criticality.CRITICAL)).isEqualTo(1);
  }

  @Test
  void aFailureIsTriedAgain() {
    GatePolicy open = new GatePolicy(List.of(LimitSettings.fixed(100)), SECOND);
    ModelServer failing = new FailingServer(new SlotServer(100), .5, 1_000, new Chance(7));
    Score score = run(open, Retries.unlimited(3, .001), failing);

    assertThat(score.attemptsOverRequests()).isBetween(1.6, 1.9);
    assertThat(score.success(Criticality.CRITICAL)).isBetween(.8, .95);
  }

  @Test
  void aRefusalOfTheServerIsTriedAgain() {
    GatePolicy open = new GatePolicy(List.of(LimitSettings.fixed(100)), SECOND);
    ModelServer limited = new RateLimitedServer(new SlotServer(100), 1e-9, 1);
    Score score = run(open, Retries.unlimited(2, .001), limited);

    assertThat(score.attemptsOverRequests()).isGreaterThan(1.9);
  }

  @Test
  void anUnboundedNumberOfTriesIsRefused() {
    assertThatThrownBy(() -> new Retries(11, 0, 0)).hasMessageContaining("tries: 11");
    assertThatThrownBy(() -> new Retries(2, -1, 0)).hasMessageContaining("pauseSeconds");
  }

  private static Score run(Policy policy, Retries retries, ModelServer server) {
    Workload workload =
        new Workload(
            Arrivals.poisson(at -> at < 9 ? 100 : 0),
            (chance, at) -> .01,
            (chance, at) -> .5,
            STREAMS,
            retries);
    Score score = new Score(new Score.Frame(SECOND, 0, 10 * SECOND), STREAMS, policy::limit);
    new Simulation(workload, policy, List.of(server), 1, 10 * SECOND, List.of(), score).run();
    return score;
  }

  /// Sheds everybody.
  private static final class Refusing implements Policy {
    private long seen;

    @Override
    public void arrive(Arrival arrival, Port port, long nowNanos) {
      seen++;
      port.shed(arrival, nowNanos);
    }

    @Override
    public void end(Arrival arrival, Outcome outcome, Port port, long nowNanos) {}

    @Override
    public void advance(Port port, long nowNanos) {}

    @Override
    public long wakeNanos() {
      return Long.MAX_VALUE;
    }

    @Override
    public int inFlight() {
      return 0;
    }

    @Override
    public double limit() {
      return Double.NaN;
    }
  }
}
