package triage.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import triage.admission.Criticality;
import triage.admission.LimitSettings;
import triage.admission.Outcome;
import triage.simulation.Workload.Stream;

final class SimulationTest {
  private static final long SECOND = 1_000_000_000;
  private static final List<Stream> STREAMS =
      List.of(
          new Stream("safety", Criticality.CRITICAL_PLUS, .1, 1),
          new Stream("batch", Criticality.SHEDDABLE, .9, 1));

  /// In single runs of uneven work the limit may be higher for a while.
  @ParameterizedTest(name = "capacity {0}")
  @ValueSource(ints = {1, 8, 32, 100})
  void aGateThatTunesItselfFindsTheCapacity(int capacity) {
    double[] limits = new double[9];
    for (int seed = 0; seed < limits.length; seed++) {
      GatePolicy policy = selfTuning();
      Score score = run(policy, new SlotServer(capacity), capacity / .05, 3, 60, 20, seed + 1);
      limits[seed] = policy.limit();
      assertThat((double) goodSince(score, 20)).isGreaterThan(.85 * 40 * capacity / .05);
    }

    Arrays.sort(limits);
    assertThat(limits[limits.length / 2]).isBetween(.7 * capacity, 1.5 * capacity + 1);
  }

  /// Not in all runs, yet: what comes first may mislead it all the same.
  @Test
  void growsOnInMostRunsWhereTheFirstRequestsWereLightOnes() {
    int[] good = new int[5];
    for (int seed = 0; seed < good.length; seed++) {
      Workload.Draw work = (chance, at) -> (at < 2 ? .7 : 5) * chance.lognormal(1);
      Workload workload =
          new Workload(Arrivals.poisson(at -> 2 * 64 / 5.0), work, (chance, at) -> 30, STREAMS);
      good[seed] =
          goodSince(run(selfTuning(), new SlotServer(64), workload, 300, 60, seed + 1), 60);
    }

    Arrays.sort(good);
    assertThat((double) good[good.length / 2]).isGreaterThan(.8 * 240 * 64 / 5.0);
  }

  @ParameterizedTest(name = "capacity {0}, seed {1}")
  @CsvSource({"4,1", "4,2", "4,3", "8,1", "8,2"})
  void staysCloseToTheCapacityWhereWorkIsEven(int capacity, long seed) {
    Busiest busiest = new Busiest(selfTuning(), 30 * SECOND);
    Workload.Draw even = (chance, at) -> .3 * chance.lognormal(.05);
    Workload.Draw patience = (chance, at) -> 2;
    Workload workload =
        new Workload(Arrivals.poisson(at -> 5 * capacity / .3), even, patience, STREAMS);
    Score score = run(busiest, new SlotServer(capacity), workload, 120, 30, seed);

    assertThat(busiest.most).isLessThanOrEqualTo((int) (1.5 * capacity));
    assertThat((double) goodSince(score, 30)).isGreaterThan(.98 * 90 * capacity / .3);
  }

  @Test
  void theMostCriticalArePassedFirst() {
    Score score = run(selfTuning(), new SlotServer(16), 16 / .05, 5, 60, 20, 7);

    assertThat(score.success(Criticality.CRITICAL_PLUS)).isGreaterThan(.99);
    assertThat(score.success(Criticality.SHEDDABLE)).isLessThan(.25);
  }

  @Test
  void aRunIsTheSameForTheSameSeed() {
    List<Integer> first = windows(run(selfTuning(), new SlotServer(8), 160, 3, 30, 5, 11));
    List<Integer> again = windows(run(selfTuning(), new SlotServer(8), 160, 3, 30, 5, 11));
    List<Integer> other = windows(run(selfTuning(), new SlotServer(8), 160, 3, 30, 5, 12));

    assertThat(again).isEqualTo(first);
    assertThat(other).isNotEqualTo(first);
  }

  @Test
  void noticesAPermitThatIsNeverReturned() {
    Policy leaking =
        new Wrapped(selfTuning()) {
          private int ended;

          @Override
          public void end(Arrival arrival, Outcome outcome, Port port, long nowNanos) {
            if (++ended != 100) {
              super.end(arrival, outcome, port, nowNanos);
            }
          }
        };

    assertThatThrownBy(() -> run(leaking, new SlotServer(8), 160, 3, 30, 5, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("in flight");
  }

  @Test
  void noticesADeadlineThatIsIgnored() {
    Policy ignoring =
        new Wrapped(selfTuning()) {
          private final List<Arrival> kept = new ArrayList<>();

          @Override
          public void arrive(Arrival arrival, Port port, long nowNanos) {
            kept.add(arrival);
          }

          @Override
          public long wakeNanos() {
            return kept.isEmpty() ? Long.MAX_VALUE : kept.getFirst().deadlineNanos() + 1;
          }

          @Override
          public void advance(Port port, long nowNanos) {
            port.dispatch(kept.removeFirst(), 0, nowNanos);
          }
        };

    assertThatThrownBy(() -> run(ignoring, new SlotServer(8), 160, 1, 30, 5, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("dispatched after its deadline");
  }

  @Test
  void aServerThatSharesItsSpeedCompletesAsMuchAsItsSlotsAllow() {
    SharingServer server = new SharingServer(16, load -> Math.min(1, load));
    GatePolicy fixed = new GatePolicy(List.of(LimitSettings.fixed(16)), SECOND / 100);
    Score score = run(fixed, server, 16 / .05, 3, 60, 20, 3);

    assertThat(goodSince(score, 20)).isBetween((int) (.95 * 40 * 320), (int) (1.05 * 40 * 320));
  }

  /// Beyond its slots it loses half as much again as is added: at twice its slots a third.
  @Test
  void aServerThatThrashesIsKeptNearItsBestLevel() {
    double good = 0;
    for (int seed = 1; seed <= 9; seed++) {
      SharingServer server =
          new SharingServer(16, load -> load <= 1 ? load : 1 / (1 + .5 * (load - 1)));
      good += goodSince(run(selfTuning(), server, 16 / .05, 3, 90, 30, seed), 30);
    }

    assertThat(good / (9 * 60 * 320)).isGreaterThan(.825);
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3})
  void aServerThatRefusesAndThenTakesMoreIsFoundOut(long seed) {
    BoundedServer server = new BoundedServer(20, 0);
    Workload workload =
        new Workload(
            Arrivals.poisson(at -> 2 * 80 / .05),
            (chance, at) -> .05 * chance.lognormal(.5),
            (chance, at) -> .35,
            STREAMS);
    List<Simulation.Change> changes =
        List.of(new Simulation.Change(10 * SECOND, () -> server.capacity(80, 10 * SECOND)));
    Score score = run(selfTuning(), server, workload, 60, 30, seed, changes);

    assertThat((double) goodSince(score, 30)).isGreaterThan(.9 * 30 * 80 / .05);
  }

  private static GatePolicy selfTuning() {
    return new GatePolicy(
        List.of(LimitSettings.selfTuning(LimitSettings.MOST_DEFAULT)), SECOND / 100);
  }

  private static Score run(
      Policy policy,
      ModelServer server,
      double perSecond,
      double load,
      int seconds,
      int from,
      long seed) {
    Workload workload =
        new Workload(
            Arrivals.poisson(at -> load * perSecond),
            (chance, at) -> .05 * chance.lognormal(.5),
            (chance, at) -> .35,
            STREAMS);
    return run(policy, server, workload, seconds, from, seed);
  }

  private static Score run(
      Policy policy, ModelServer server, Workload workload, int seconds, int from, long seed) {
    return run(policy, server, workload, seconds, from, seed, List.of());
  }

  private static Score run(
      Policy policy,
      ModelServer server,
      Workload workload,
      int seconds,
      int from,
      long seed,
      List<Simulation.Change> changes) {
    Score score =
        new Score(new Score.Frame(SECOND, from * SECOND, seconds * SECOND), STREAMS, policy::limit);
    new Simulation(workload, policy, List.of(server), seed, seconds * SECOND, changes, score).run();
    return score;
  }

  private static int goodSince(Score score, int window) {
    int good = 0;
    for (int i = window; i < score.windows(); i++) {
      good += score.goodIn(i);
    }
    return good;
  }

  private static List<Integer> windows(Score score) {
    List<Integer> good = new ArrayList<>();
    for (int i = 0; i < score.windows(); i++) {
      good.add(score.goodIn(i));
    }
    return good;
  }

  /// A policy that remembers how many were in flight at most, from some moment on.
  private static final class Busiest extends Wrapped {
    private final long fromNanos;
    private int most;

    private Busiest(Policy policy, long fromNanos) {
      super(policy);
      this.fromNanos = fromNanos;
    }

    @Override
    public void arrive(Arrival arrival, Port port, long nowNanos) {
      super.arrive(arrival, port, nowNanos);
      most = nowNanos < fromNanos ? most : Math.max(most, inFlight());
    }
  }

  /// A policy that can be made faulty.
  private static class Wrapped implements Policy {
    private final Policy policy;

    private Wrapped(Policy policy) {
      this.policy = policy;
    }

    @Override
    public void arrive(Arrival arrival, Port port, long nowNanos) {
      policy.arrive(arrival, port, nowNanos);
    }

    @Override
    public void end(Arrival arrival, Outcome outcome, Port port, long nowNanos) {
      policy.end(arrival, outcome, port, nowNanos);
    }

    @Override
    public void advance(Port port, long nowNanos) {
      policy.advance(port, nowNanos);
    }

    @Override
    public long wakeNanos() {
      return policy.wakeNanos();
    }

    @Override
    public int inFlight() {
      return policy.inFlight();
    }

    @Override
    public double limit() {
      return policy.limit();
    }
  }
}
