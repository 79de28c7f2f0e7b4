package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class RotationTest {
  private static final long MILLIS = 1_000_000;
  private static final long SECONDS = 1000 * MILLIS;

  private long now;

  @Test
  void sameSeedSameChoices() {
    assertThat(lanesOf(gate(7, 1, 1, 1, 1), 200)).isEqualTo(lanesOf(gate(7, 1, 1, 1, 1), 200));
    assertThat(lanesOf(gate(7, 1, 1, 1, 1), 200)).isNotEqualTo(lanesOf(gate(8, 1, 1, 1, 1), 200));
  }

  @Test
  void equalBackendsHaveEqualShares() {
    List<Integer> lanes = lanesOf(gate(1, 1, 1, 1, 1, 1), 400);
    for (int lane = 0; lane < 5; lane++) {
      int wanted = lane;
      assertThat(lanes.stream().filter(chosen -> chosen == wanted).count()).isBetween(70L, 90L);
    }
  }

  @Test
  void aBackendThatReportsToBeFullHoldsLess() {
    Gate gate = gate(1, 1, 1);
    gate.report(0, 1, now);
    gate.report(1, 0, now);
    List<Integer> lanes = lanesOf(gate, 400);
    assertThat(lanes.stream().filter(chosen -> chosen == 1).count()).isBetween(295L, 305L);
  }

  @Test
  void aReportIsForgottenAfterAWhile() {
    Gate gate = gate(1, 1, 1);
    gate.report(0, 1, now);
    now += 10 * SECONDS + 1;
    List<Integer> lanes = lanesOf(gate, 400);
    assertThat(lanes.stream().filter(chosen -> chosen == 1).count()).isBetween(195L, 205L);
  }

  @Test
  void refusesAReportThatIsNoShare() {
    for (double wrong : new double[] {-0.1, 1.1, Double.NaN}) {
      assertThatThrownBy(() -> gate(1, 1, 1).report(0, wrong, now))
          .hasMessage("utilization: " + wrong + " (expected: 0 to 1)");
    }
  }

  @Test
  void aBackendOfMoreWeightHoldsMore() {
    List<Integer> lanes = lanesOf(gate(1, 1, 3), 400);
    assertThat(lanes.stream().filter(chosen -> chosen == 1).count()).isBetween(295L, 305L);
  }

  @Test
  void weightsCountHoweverLongNobodyCame() {
    for (int seed = 0; seed < 20; seed++) {
      now += 3600 * SECONDS;
      assertThat(lanesOf(gate(seed, 1, 100), 10)).containsOnly(1);
    }
  }

  @Test
  void aSlowBackendIsGivenLessAndTriedAgainAfterAWhile() {
    Gate gate = gate(1, 1, 1);
    teach(gate, 20 * MILLIS, 400 * MILLIS);
    int fast = gate.snapshot(now).lanes().get(0).heldNanos() < 100 * MILLIS ? 0 : 1;
    assertThat(lanesOf(gate, 10)).containsOnly(fast);

    Gate later = gate(1, 1, 1);
    teach(later, 20 * MILLIS, 400 * MILLIS);
    now += 30 * SECONDS;
    assertThat(lanesOf(later, 2)).containsExactly(fast, 1 - fast);
  }

  @Test
  void aBackendIsGivenLessWhoseRequestsAreGivenUpAfterLongerThanUsual() {
    assertThat(shareOfOneThatIsGivenUpAfter(100 * MILLIS, false)).isBetween(60L, 90L);
  }

  @Test
  void requestsThatAreGivenUpSoonSayNothingOfABackend() {
    assertThat(shareOfOneThatIsGivenUpAfter(MILLIS, false)).isBetween(195L, 205L);
  }

  @Test
  void answersThatAreGivenUpOnceTheyHaveBegunSayNothingOfABackend() {
    assertThat(shareOfOneThatIsGivenUpAfter(100 * MILLIS, true)).isBetween(195L, 205L);
  }

  @Test
  void aBackendWhoseRequestsWereGivenUpLateIsGivenAsMuchAgainOnceItServes() {
    Gate gate = gate(1, 1, 1);
    teach(gate, 20 * MILLIS, 20 * MILLIS);
    giveUpAtTheSecond(gate, 100 * MILLIS, false);
    for (int round = 0; round < 30; round++) {
      List<Ticket> tickets = IntStream.range(0, 400).mapToObj(_ -> offered(gate)).toList();
      now += 20 * MILLIS;
      tickets.forEach(ticket -> gate.settle(ticket, Outcome.SERVED, 0, now));
    }
    assertThat(shareOfTheSecond(gate)).isBetween(195L, 205L);
  }

  /// Gives how many of 400 requests go to the second of two backends that both took 20 ms, once
  /// those that it has were given up after another time.
  private long shareOfOneThatIsGivenUpAfter(long nanos, boolean answered) {
    Gate gate = gate(1, 1, 1);
    teach(gate, 20 * MILLIS, 20 * MILLIS);
    giveUpAtTheSecond(gate, nanos, answered);
    return shareOfTheSecond(gate);
  }

  private void giveUpAtTheSecond(Gate gate, long nanos, boolean answered) {
    List<Ticket> tickets = IntStream.range(0, 400).mapToObj(_ -> offered(gate)).toList();
    for (Ticket ticket : tickets) {
      boolean second = ticket.lane() == 1;
      long tookNanos = second ? nanos : 20 * MILLIS;
      if (answered) {
        ticket.answered(now + MILLIS);
      }
      gate.settle(ticket, second ? Outcome.ABANDONED : Outcome.SERVED, 0, now + tookNanos);
    }
  }

  private long shareOfTheSecond(Gate gate) {
    return lanesOf(gate, 400).stream().filter(chosen -> chosen == 1).count();
  }

  @Test
  void aBackendWhoseTryIsGivenUpSoonIsTriedAgain() {
    assertThat(isTriedAgainAfter(Outcome.ABANDONED, MILLIS)).isTrue();
  }

  @Test
  void aBackendWhoseTryIsGivenUpAfterLongerThanOthersTakeIsNotTriedAgainAtOnce() {
    assertThat(isTriedAgainAfter(Outcome.ABANDONED, 40 * MILLIS)).isFalse();
  }

  @Test
  void aBackendThatRefusesOrFailsATryIsNotTriedAgainAtOnce() {
    assertThat(isTriedAgainAfter(Outcome.OVERLOADED, MILLIS)).isFalse();
    assertThat(isTriedAgainAfter(Outcome.FAILED, MILLIS)).isFalse();
  }

  /// Tells whether a backend that was slow is given another request at once, after the first that
  /// it was given after a while has ended so.
  private boolean isTriedAgainAfter(Outcome outcome, long nanos) {
    Gate gate = gate(1, 1, 1);
    teach(gate, 20 * MILLIS, 400 * MILLIS);
    now += 30 * SECONDS;
    Ticket fast = offered(gate);
    Ticket slow = offered(gate);
    assertThat(slow.lane()).isNotEqualTo(fast.lane());
    gate.settle(fast, Outcome.SERVED, 0, now + 20 * MILLIS);
    now += 40 * MILLIS;
    gate.settle(slow, outcome, 40 * MILLIS - nanos, now);
    return offered(gate).lane() == slow.lane();
  }

  @Test
  void refusesAWeightOutOfRange() {
    assertThatThrownBy(() -> new LaneSettings(LimitSettings.fixed(1), 0))
        .hasMessage("weight: 0.0 (expected: 0.01 to 100)");
    assertThatThrownBy(() -> new LaneSettings(LimitSettings.fixed(1), Double.NaN))
        .hasMessage("weight: NaN (expected: 0.01 to 100)");
  }

  /// Lets both of two backends serve one request each, in different times.
  private void teach(Gate gate, long oneNanos, long otherNanos) {
    Ticket one = offered(gate);
    Ticket other = offered(gate);
    assertThat(other.lane()).isNotEqualTo(one.lane());
    gate.settle(one, Outcome.SERVED, 0, now + oneNanos);
    gate.settle(other, Outcome.SERVED, 0, now + otherNanos);
    now += otherNanos;
  }

  private List<Integer> lanesOf(Gate gate, int requests) {
    List<Integer> lanes = new ArrayList<>();
    IntStream.range(0, requests).forEach(_ -> lanes.add(offered(gate).lane()));
    return lanes;
  }

  private Ticket offered(Gate gate) {
    Ticket ticket = new Ticket("tenant", Criticality.CRITICAL, Ticket.NO_DEADLINE);
    assertThat(gate.offer(ticket, now)).isEqualTo(Verdict.ADMITTED);
    return ticket;
  }

  private static Gate gate(long seed, double... weights) {
    return new Gate(
        new GateSettings(100),
        DoubleStream.of(weights)
            .mapToObj(weight -> new LaneSettings(LimitSettings.fixed(1000), weight))
            .toList(),
        seed);
  }
}
