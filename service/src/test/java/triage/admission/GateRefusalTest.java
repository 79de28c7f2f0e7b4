package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static triage.admission.Criticality.CRITICAL;
import static triage.admission.Criticality.CRITICAL_PLUS;
import static triage.admission.Criticality.SHEDDABLE;

import java.util.ArrayDeque;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import triage.admission.GateSnapshot.LaneSnapshot;

/// A gate before a backend that refuses what is too much for it.
final class GateRefusalTest {
  private static final long MILLIS = 1_000_000;
  private static final long SECONDS = 1000 * MILLIS;

  @Test
  void aBackendThatRefusesIsGivenWhatItWasWorkingOn() {
    SlotsThatRefuse server = new SlotsThatRefuse(16);

    server.runFor(20 * SECONDS);
    long served = server.served;
    long refused = server.refused;
    server.runFor(60 * SECONDS);

    assertThat(server.served - served).isGreaterThan(60 * 10 * 16 * 9 / 10);
    assertThat(server.refused - refused).isLessThan(60 * 10 * 16 / 10);
    LaneSnapshot seen = server.gate.snapshot(server.now).lanes().getFirst();
    assertThat(seen.refusals()).isEqualTo(server.refused);
    assertThat(seen.refusalBound()).isBetween(15.0, 18.0);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aBackendThatTakesMoreAgainIsGivenMore(boolean refusesFromTheStart) {
    SlotsThatRefuse server = new SlotsThatRefuse(16);
    if (!refusesFromTheStart) {
      server.runFor(20 * SECONDS);
    }
    server.slots = 0;
    server.runFor(10 * SECONDS);
    server.slots = 64;
    server.runFor(20 * SECONDS);
    long served = server.served;
    server.runFor(10 * SECONDS);

    assertThat(server.served - served).isGreaterThan(10 * 10 * 64 * 9 / 10);
  }

  @Test
  void whatABackendMayWellRefuseIsTriedWithTheLeastCritical() {
    Gate gate = new Gate(new GateSettings(10), List.of(LimitSettings.fixed(3)));
    gate.settle(offered(gate, CRITICAL, 0), Outcome.SERVED, 0, 100 * MILLIS);
    long now = 100 * MILLIS;
    Ticket one = offered(gate, CRITICAL, now);
    Ticket two = offered(gate, CRITICAL, now);
    gate.settle(offered(gate, CRITICAL, now), Outcome.OVERLOADED, 0, now);
    Ticket first = offered(gate, CRITICAL_PLUS, now);
    Ticket second = offered(gate, CRITICAL_PLUS, now);
    Ticket middle = offered(gate, CRITICAL, now);
    Ticket least = offered(gate, SHEDDABLE, now);

    // Two at a time it is known to take, and three are the limit.
    gate.settle(one, Outcome.SERVED, 0, now + 50 * MILLIS);
    assertThat(gate.takeDecided()).isSameAs(first);
    gate.advance(now + 100 * MILLIS);
    assertThat(gate.takeDecided()).isSameAs(least);
    // Not refused: three it is known to take now.
    gate.settle(two, Outcome.SERVED, 0, now + 100 * MILLIS);
    assertThat(gate.takeDecided()).isSameAs(second);
    assertThat(middle.state()).isEqualTo(Ticket.State.WAITING);
  }

  @Test
  void whoIsAloneIsTriedHoweverCritical() {
    Gate gate = new Gate(new GateSettings(10), List.of(LimitSettings.fixed(1)));
    gate.settle(offered(gate, CRITICAL, 0), Outcome.SERVED, 0, 100 * MILLIS);
    long now = 100 * MILLIS;
    gate.settle(offered(gate, CRITICAL, now), Outcome.OVERLOADED, 0, now);
    Ticket alone = offered(gate, CRITICAL_PLUS, now);

    gate.advance(now + 100 * MILLIS);

    assertThat(gate.takeDecided()).isSameAs(alone);
  }

  private static Ticket offered(Gate gate, Criticality criticality, long now) {
    Ticket ticket = new Ticket("t", criticality, Ticket.NO_DEADLINE);
    assertThat(gate.offer(ticket, now)).isNotEqualTo(Verdict.SHED);
    return ticket;
  }

  /// A backend with some places that refuses the rest, and more callers than it can serve.
  private static final class SlotsThatRefuse {
    private static final long WORK_NANOS = 100 * MILLIS;

    private final Gate gate =
        new Gate(new GateSettings(1_000), List.of(LimitSettings.selfTuning(1_000)));
    private int slots;
    private final ArrayDeque<Ticket> working = new ArrayDeque<>();
    private final ArrayDeque<Long> due = new ArrayDeque<>();
    private long now;
    private long served;
    private long refused;

    private SlotsThatRefuse(int slots) {
      this.slots = slots;
    }

    private void runFor(long nanos) {
      long end = now + nanos;
      for (; now < end; now += MILLIS) {
        while (!due.isEmpty() && due.peek() <= now) {
          due.poll();
          served++;
          gate.settle(working.remove(), Outcome.SERVED, 0, now);
          takeDecided();
        }
        gate.advance(now);
        takeDecided();
        for (int i = 0; i < 3 && gate.waiting() < 100; i++) {
          Ticket ticket = new Ticket("t", CRITICAL, now + 2 * SECONDS);
          if (gate.offer(ticket, now) == Verdict.ADMITTED) {
            take(ticket);
          }
          takeDecided();
        }
      }
    }

    private void takeDecided() {
      for (Ticket next = gate.takeDecided(); next != null; next = gate.takeDecided()) {
        for (Ticket ticket = next; ticket != null; ticket = ticket.nextDecided()) {
          if (ticket.state() == Ticket.State.ADMITTED) {
            take(ticket);
          }
        }
      }
    }

    private void take(Ticket ticket) {
      if (working.size() < slots) {
        working.add(ticket);
        due.add(now + WORK_NANOS);
      } else {
        refused++;
        gate.settle(ticket, Outcome.OVERLOADED, 0, now);
      }
    }
  }
}
