package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static triage.admission.Criticality.CRITICAL;
import static triage.admission.Criticality.SHEDDABLE;
import static triage.admission.Criticality.SHEDDABLE_PLUS;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class GateFairnessTest {
  private static final long MILLIS = 1_000_000;

  private long now;

  @Test
  void servesTenantsInTurnHoweverManyOneHasWaiting() {
    Gate fair = new Gate(new GateSettings(100), List.of(LimitSettings.fixed(1)));
    Ticket running = new Ticket("elephant", CRITICAL, Ticket.NO_DEADLINE);
    fair.offer(running, now);
    now += 10 * MILLIS;
    fair.settle(running, Outcome.SERVED, 0, now);
    Ticket first = new Ticket("elephant", CRITICAL, Ticket.NO_DEADLINE);
    Ticket second = new Ticket("elephant", CRITICAL, Ticket.NO_DEADLINE);
    Ticket mouse = new Ticket("mouse", CRITICAL, Ticket.NO_DEADLINE);
    assertThat(fair.offer(first, now)).isEqualTo(Verdict.ADMITTED);
    assertThat(fair.offer(second, now)).isEqualTo(Verdict.WAITING);
    assertThat(fair.offer(mouse, now)).isEqualTo(Verdict.WAITING);

    now += 10 * MILLIS;
    fair.settle(first, Outcome.SERVED, 0, now);

    assertThat(mouse.state()).isEqualTo(Ticket.State.ADMITTED);
    assertThat(second.state()).isEqualTo(Ticket.State.WAITING);
  }

  @Test
  void aClassIsSureOfItsShareHoweverMuchOfHigherClassesWaits() {
    ReservedShares tenth = new ReservedShares(0, 0, .1);
    Gate shared = new Gate(new GateSettings(1000, tenth), List.of(LimitSettings.fixed(1)));
    Ticket running = new Ticket("t", CRITICAL, Ticket.NO_DEADLINE);
    shared.offer(running, now);
    for (int i = 0; i < 30; i++) {
      shared.offer(new Ticket("t", SHEDDABLE, Ticket.NO_DEADLINE), now);
      shared.offer(new Ticket("t", CRITICAL, Ticket.NO_DEADLINE), now);
    }
    List<Criticality> order = new ArrayList<>();
    for (int i = 0; i < 33; i++) {
      shared.settle(running, Outcome.SERVED, 0, now);
      running = shared.takeDecided();
      order.add(running.criticality());
      shared.offer(new Ticket("t", CRITICAL, Ticket.NO_DEADLINE), now);
    }
    assertThat(order).filteredOn(kind -> kind == SHEDDABLE).hasSize(3);
    assertThat(order.subList(0, 10)).containsOnly(CRITICAL);
  }

  @ParameterizedTest
  @ValueSource(doubles = {.05, .1, .3, .5})
  void aShareIsWhatItSays(double share) {
    Gate shared =
        new Gate(
            new GateSettings(100_000, new ReservedShares(0, 0, share)),
            List.of(LimitSettings.fixed(1)));
    Ticket running = offered(shared, "t", CRITICAL, Verdict.ADMITTED);
    for (int i = 0; i < 1000; i++) {
      offered(shared, "t", SHEDDABLE, Verdict.WAITING);
      offered(shared, "t", CRITICAL, Verdict.WAITING);
    }
    int reserved = 0;
    for (int i = 0; i < 1000; i++) {
      shared.settle(running, Outcome.SERVED, 0, now);
      running = shared.takeDecided();
      reserved += running.criticality() == SHEDDABLE ? 1 : 0;
    }
    assertThat((double) reserved).isCloseTo(1000 * share, within(2.0));
  }

  @Test
  void aShareThatIsNotUsedIsLentAndNotSavedUp() {
    ReservedShares half = new ReservedShares(0, 0, .5);
    Gate shared = new Gate(new GateSettings(1000, half), List.of(LimitSettings.fixed(1)));
    Ticket running = new Ticket("t", CRITICAL, Ticket.NO_DEADLINE);
    shared.offer(running, now);
    for (int i = 0; i < 40; i++) {
      shared.offer(new Ticket("t", CRITICAL, Ticket.NO_DEADLINE), now);
      shared.settle(running, Outcome.SERVED, 0, now);
      running = shared.takeDecided();
      assertThat(running.criticality()).isEqualTo(CRITICAL);
    }
    for (int i = 0; i < 3; i++) {
      shared.offer(new Ticket("t", SHEDDABLE, Ticket.NO_DEADLINE), now);
      shared.offer(new Ticket("t", CRITICAL, Ticket.NO_DEADLINE), now);
    }
    List<Criticality> order = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      shared.settle(running, Outcome.SERVED, 0, now);
      running = shared.takeDecided();
      order.add(running.criticality());
    }
    assertThat(order)
        .containsExactly(CRITICAL, CRITICAL, SHEDDABLE, CRITICAL, SHEDDABLE, SHEDDABLE);
  }

  @Test
  void whoHasHadLessTakesThePlaceOfWhoHadMoreWhenTheQueueIsFull() {
    Gate full = new Gate(new GateSettings(1), List.of(LimitSettings.fixed(1)));
    Ticket served = offered(full, "elephant", SHEDDABLE_PLUS, Verdict.ADMITTED);
    Ticket next = offered(full, "elephant", SHEDDABLE_PLUS, Verdict.WAITING);
    settle(full, served);
    assertThat(next.state()).isEqualTo(Ticket.State.ADMITTED);
    Ticket last = offered(full, "elephant", SHEDDABLE_PLUS, Verdict.WAITING);

    offered(full, "mouse", SHEDDABLE_PLUS, Verdict.WAITING);

    assertThat(full.takeDecided()).isSameAs(last);
    assertThat(last.reason()).isEqualTo(Reason.SHED_SHARE);
    assertThat(full.waiting()).isOne();
    offered(full, "elephant", SHEDDABLE_PLUS, Verdict.SHED);
  }

  @Test
  void whoHasHadLessTakesThatPlaceAlsoWhileAHigherClassWaits() {
    Gate gate = new Gate(new GateSettings(100), List.of(LimitSettings.fixed(1)));
    Ticket served = offered(gate, "elephant", SHEDDABLE_PLUS, Verdict.ADMITTED);
    offered(gate, "elephant", SHEDDABLE_PLUS, Verdict.WAITING);
    settle(gate, served);
    offered(gate, "other", CRITICAL, Verdict.WAITING);
    Ticket last = offered(gate, "elephant", SHEDDABLE_PLUS, Verdict.WAITING);
    assertThat(offered(gate, "elephant", SHEDDABLE_PLUS, Verdict.SHED).reason())
        .isEqualTo(Reason.SHED_PRIORITY);

    offered(gate, "mouse", SHEDDABLE_PLUS, Verdict.WAITING);

    assertThat(gate.takeDecided()).isSameAs(last);
    assertThat(last.state()).isEqualTo(Ticket.State.SHED);
  }

  @Test
  void whoHasADeadlineGoesBeforeWhatItsTenantLetsWaitAsLongAsItTakes() {
    Gate gate = new Gate(new GateSettings(100), List.of(LimitSettings.fixed(1)));
    Ticket running = offered(gate, "t", CRITICAL, Verdict.ADMITTED);
    Ticket job = offered(gate, "t", CRITICAL, Verdict.WAITING);
    Ticket first = onTheLine(gate, "t");
    Ticket second = onTheLine(gate, "t");
    Ticket laterJob = offered(gate, "t", CRITICAL, Verdict.WAITING);
    gate.withdraw(second, now);
    Ticket third = onTheLine(gate, "t");

    for (Ticket next : List.of(first, third, job, laterJob)) {
      assertThat(next.state()).isEqualTo(Ticket.State.WAITING);
      settle(gate, running);
      assertThat(next.state()).isEqualTo(Ticket.State.ADMITTED);
      running = next;
    }
    assertThat(gate.waiting()).isZero();
  }

  private Ticket onTheLine(Gate gate, String tenant) {
    Ticket ticket = new Ticket(tenant, CRITICAL, now + 10_000 * MILLIS);
    assertThat(gate.offer(ticket, now)).isEqualTo(Verdict.WAITING);
    return ticket;
  }

  private Ticket offered(Gate gate, String tenant, Criticality criticality, Verdict expected) {
    Ticket ticket = new Ticket(tenant, criticality, Ticket.NO_DEADLINE);
    assertThat(gate.offer(ticket, now)).isEqualTo(expected);
    return ticket;
  }

  private void settle(Gate gate, Ticket permit) {
    now += 10 * MILLIS;
    gate.settle(permit, Outcome.SERVED, 0, now);
    gate.takeDecided();
  }
}
