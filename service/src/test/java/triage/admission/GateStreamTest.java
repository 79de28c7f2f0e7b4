package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static triage.admission.Criticality.CRITICAL;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Streams at a gate: an answer begins after half a second and goes on for forty.
final class GateStreamTest {
  private static final long SECONDS = 1_000_000_000L;
  private static final long FIRST = SECONDS / 2;
  private static final long ALL = 40 * SECONDS;

  private final Gate gate = new Gate(new GateSettings(10), List.of(LimitSettings.fixed(2)));
  private long now;

  @BeforeEach
  void learn() {
    for (int i = 0; i < 20; i++) {
      stream(offered(100 * SECONDS, Verdict.ADMITTED));
    }
  }

  @Test
  void letsThoseWaitWhoseAnswerWouldBeginInTime() {
    offered(30 * SECONDS, Verdict.ADMITTED);
    offered(30 * SECONDS, Verdict.ADMITTED);

    // A permit is free after some 20 s.
    offered(30 * SECONDS, Verdict.WAITING);
    Ticket tooMany = offered(30 * SECONDS, Verdict.SHED);
    assertThat(tooMany.reason()).isEqualTo(Reason.DEADLINE_UNREACHABLE);
  }

  @Test
  void dispatchesWhoseAnswerWouldBeginInTime() {
    Ticket running = offered(30 * SECONDS, Verdict.ADMITTED);
    offered(30 * SECONDS, Verdict.ADMITTED);
    Ticket waiting = offered(45 * SECONDS, Verdict.WAITING);
    offered(100 * SECONDS, Verdict.WAITING);

    stream(running);

    assertThat(waiting.state()).isEqualTo(Ticket.State.ADMITTED);
  }

  @Test
  void shedsWhoseAnswerWouldBeginTooLate() {
    Ticket running = offered(30 * SECONDS, Verdict.ADMITTED);
    offered(30 * SECONDS, Verdict.ADMITTED);
    Ticket waiting = offered(ALL + FIRST / 2, Verdict.WAITING);
    offered(100 * SECONDS, Verdict.WAITING);

    stream(running);

    assertThat(waiting.reason()).isEqualTo(Reason.DEADLINE_UNREACHABLE);
  }

  @Test
  void aStreamThatWasAskedForTooLateTeachesHowLongItTakesToBegin() {
    for (int i = 0; i < 20; i++) {
      Ticket late = offered(30 * SECONDS, Verdict.ADMITTED);
      now += 30 * SECONDS;
      gate.settle(late, Outcome.OVERLOADED, 0, now);
    }
    offered(60 * SECONDS, Verdict.ADMITTED);
    offered(60 * SECONDS, Verdict.ADMITTED);

    assertThat(offered(30 * SECONDS, Verdict.SHED).reason()).isEqualTo(Reason.DEADLINE_UNREACHABLE);
  }

  private Ticket offered(long patienceNanos, Verdict expected) {
    Ticket ticket = new Ticket("tenant", CRITICAL, now + patienceNanos);
    assertThat(gate.offer(ticket, now)).isEqualTo(expected);
    return ticket;
  }

  private void stream(Ticket ticket) {
    ticket.answered(now + FIRST);
    now += ALL;
    gate.settle(ticket, Outcome.SERVED, 0, now);
  }
}
