package triage.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import triage.admission.Absence;
import triage.admission.Criticality;
import triage.admission.GateSettings;
import triage.admission.LimitSettings;
import triage.admission.Outcome;
import triage.admission.Ticket;
import triage.time.SettableTime;

final class OutlierWatchTest {
  private static final int BACKENDS = 3;
  private static final Duration FAST = Duration.ofMillis(20);

  private final SettableTime time = new SettableTime(Instant.EPOCH);
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final Turnstile turnstile =
      new Turnstile(
          new GateSettings(10),
          Collections.nCopies(BACKENDS, LimitSettings.fixed(10)),
          time,
          timer);
  private final List<BackendBreaker> breakers =
      IntStream.range(0, BACKENDS).mapToObj(this::breaker).toList();
  private final OutlierWatch watch =
      new OutlierWatch(
          "m",
          EjectionSettings.of(null, null, Duration.ofMinutes(10)),
          turnstile,
          new ArrayList<>(breakers),
          time,
          timer);

  @AfterEach
  void stop() {
    timer.shutdownNow();
  }

  @Test
  void ejectsTheOneThatFailsMore() {
    serve(20, 0, 1, 2);
    fail(8, 2);
    watch.look();
    assertThat(ejected()).containsExactly(2);
  }

  @Test
  void ejectsNobodyWhereAllFailAlike() {
    serve(20, 0, 1, 2);
    fail(8, 0, 1, 2);
    watch.look();
    assertThat(ejected()).isEmpty();
  }

  @Test
  void ejectsNobodyForFewFailures() {
    serve(100, 0, 1, 2);
    fail(8, 2);
    watch.look();
    assertThat(ejected()).isEmpty();
  }

  @Test
  void ejectsAThirdAtMost() {
    serve(20, 0, 1, 2);
    fail(10, 1);
    fail(100, 2);
    watch.look();
    assertThat(ejected()).hasSize(1);
    watch.look();
    assertThat(ejected()).hasSize(1);
  }

  @Test
  void ejectsTheOneThatIsMuchSlowerOnThreeLooks() {
    hold(FAST, FAST, FAST.multipliedBy(5));
    for (int look = 0; look < 3; look++) {
      assertThat(ejected()).isEmpty();
      serve(10, 0, 1, 2);
      watch.look();
    }
    assertThat(ejected()).containsExactly(2);
  }

  @Test
  void keepsASlowOneThatIsNotMuchSlower() {
    hold(FAST, FAST, FAST.multipliedBy(3));
    for (int look = 0; look < 10; look++) {
      serve(10, 0, 1, 2);
      watch.look();
    }
    assertThat(ejected()).isEmpty();
  }

  @Test
  void anOpenBreakerIsNoEjection() {
    serve(20, 0, 1);
    turnstile.close(2, Absence.BREAKER_OPEN, time.nanos());
    fail(10, 1);
    watch.look();
    assertThat(ejected()).containsExactly(1);
    assertThat(turnstile.snapshot().lanes().get(2).absences())
        .containsExactly(Absence.BREAKER_OPEN);
  }

  @Test
  void neverEjectsTheLastOneInRotation() {
    turnstile.close(0, Absence.BREAKER_OPEN, time.nanos());
    turnstile.close(1, Absence.DRAINED, time.nanos());
    fail(10, 2);
    serve(10, 0);
    watch.look();
    assertThat(ejected()).isEmpty();
  }

  @Test
  void refusesWhatIsOutOfRange() {
    assertThatThrownBy(() -> EjectionSettings.of(0.0, null, null))
        .hasMessage("failureShare: 0.0 (expected: 0.01 to 1)");
    assertThatThrownBy(() -> EjectionSettings.of(null, 1.0, null))
        .hasMessage("slowerBy: 1.0 (expected: 2 to 1,000)");
    assertThatThrownBy(() -> EjectionSettings.of(null, null, Duration.ofMillis(1)))
        .hasMessageStartingWith("ejectFor: ");
  }

  private BackendBreaker breaker(int lane) {
    return new BackendBreaker(
        "m-" + lane,
        BreakerSettings.of(1000, 1000, null, null),
        Duration.ofSeconds(30),
        turnstile,
        lane,
        time,
        timer);
  }

  private Attempt begun(int lane) {
    Attempt attempt = breakers.get(lane).attempt("c");
    assertThat(attempt.begin()).isTrue();
    return attempt;
  }

  private void serve(int exchanges, int... lanes) {
    for (int lane : lanes) {
      for (int i = 0; i < exchanges; i++) {
        begun(lane).succeeded();
      }
    }
  }

  private void fail(int exchanges, int... lanes) {
    for (int lane : lanes) {
      for (int i = 0; i < exchanges; i++) {
        begun(lane).unreached();
      }
    }
  }

  /// Has each backend hold one permit for a time.
  private void hold(Duration... times) {
    List<Pass> passes = new ArrayList<>();
    for (int i = 0; i < times.length; i++) {
      Pass pass = new Pass("tenant", Criticality.CRITICAL, Ticket.NO_DEADLINE);
      turnstile.enter(pass);
      passes.add(pass);
    }
    assertThat(passes.stream().map(Pass::lane)).containsExactlyInAnyOrder(0, 1, 2);
    passes.sort((one, other) -> times[one.lane()].compareTo(times[other.lane()]));
    Duration passed = Duration.ZERO;
    for (Pass pass : passes) {
      time.advance(times[pass.lane()].minus(passed));
      passed = times[pass.lane()];
      turnstile.leave(pass, Outcome.SERVED, 0);
    }
  }

  private List<Integer> ejected() {
    return IntStream.range(0, BACKENDS)
        .filter(lane -> turnstile.snapshot().lanes().get(lane).absences().contains(Absence.EJECTED))
        .boxed()
        .toList();
  }
}
