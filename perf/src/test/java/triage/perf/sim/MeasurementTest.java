package triage.perf.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import triage.admission.Criticality;
import triage.admission.LimitSettings;
import triage.simulation.GatePolicy;
import triage.simulation.Score;
import triage.simulation.Simulation;
import triage.simulation.SlotServer;

final class MeasurementTest {
  private static final long SECOND = 1_000_000_000;

  @Test
  void aSteadyOverloadBehindTheRightLimitIsAllThatIsPossible() {
    Map<String, Double> values = run(draft().load(3).measured(10, 30), 8);

    assertThat(values.get("goodput")).isCloseTo(1, within(.05));
    assertThat(values.get("limit_low")).isEqualTo(1);
    assertThat(values.get("limit_high")).isEqualTo(1);
    assertThat(values.get("in_flight_max")).isEqualTo(8);
    assertThat(values.get("shed")).isCloseTo(2 / 3.0, within(.05));
    assertThat(values.get("success_critical_plus")).isGreaterThan(.98);
    assertThat(values.get("success_sheddable")).isLessThan(.1);
    assertThat(values.get("out_of_order")).isLessThan(.15);
  }

  @Test
  void timesToRecoverAreTakenByTheDirectionOfTheStep() {
    Draft draft =
        draft()
            .load(3)
            .world(() -> {
              SlotServer server = new SlotServer(8);
              // Before 23 s there is nothing, although all is thought to be back from 20 s on.
              return World.of(
                  at -> at >= 10 && at < 20 ? 0 : 80,
                  server,
                  World.at(10, now -> server.capacity(0, now)),
                  World.at(23, now -> server.capacity(8, now)));
            })
            .steps(10, 20)
            .measured(5, 40);
    Map<String, Double> values = run(draft, 8);

    assertThat(values.get("recover_down_s")).isZero();
    assertThat(values.get("recover_up_s")).isBetween(2.5, 7.0);
  }

  @Test
  void shortWorkIsLookedAtApart() {
    Draft draft =
        draft()
            .rate(at -> 10)
            .work((chance, at) -> chance.uniform() < .5 ? .01 : .2)
            .shortBelow(.1)
            .measured(0, 20);
    Map<String, Double> values = run(draft, 8);

    assertThat(values.get("short_p99_s")).isCloseTo(.01, within(.0005));
    assertThat(values.get("p99_s")).isCloseTo(.2, within(.005));
  }

  @Test
  void theOwnerOfAShareIsSeenOnceItHasIt() {
    Draft draft =
        draft()
            .streams(Callers.equal("owner", 1, Criticality.SHEDDABLE, 1))
            .neededFrom(5)
            .rate(at -> at < 7 ? 0 : 40)
            .measured(0, 20);

    assertThat(run(draft, 8).get("owner_full_s")).isBetween(1.0, 2.1);
  }

  @Test
  void aLineOfTheRecordNamesItsRunAndItsFigures() {
    Scenario scenario = draft().load(1).measured(0, 2).done();
    Figures figures = new Figures(scenario, "triage", 3, Map.of("goodput", .5));

    assertThat(figures.json())
        .isEqualTo(
            "{\"scenario\":\"T\",\"cell\":\"cell\",\"policy\":\"triage\",\"seed\":3,"
                + "\"goodput\":0.5000}");
    assertThat(figures.value("no_such_figure")).isNaN();
  }

  private static Draft draft() {
    return new Draft("T", "cell", .1, 8);
  }

  private static Map<String, Double> run(Draft draft, int limit) {
    Scenario scenario = draft.done();
    World world = scenario.world().get();
    GatePolicy gate = new GatePolicy(List.of(LimitSettings.fixed(limit)), SECOND / 100);
    long end = (long) (scenario.end() * SECOND);
    Score.Frame frame =
        new Score.Frame(
            (long) (scenario.window() * SECOND),
            (long) (scenario.from() * SECOND),
            end,
            (long) (scenario.watch().shortSeconds() * SECOND),
            0);
    Score score = new Score(frame, scenario.workload().streams(), gate::limit);
    new Simulation(scenario.workload(), gate, world.servers(), 1, end, world.changes(), score)
        .run();
    return Measurement.of(scenario, world, score, gate.limit());
  }
}
