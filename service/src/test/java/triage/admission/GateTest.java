package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static triage.admission.Criticality.CRITICAL;
import static triage.admission.Criticality.CRITICAL_PLUS;
import static triage.admission.Criticality.SHEDDABLE;
import static triage.admission.Criticality.SHEDDABLE_PLUS;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import triage.admission.GateSnapshot.LaneSnapshot;

final class GateTest {
  private static final long MILLIS = 1_000_000;
  private static final long SECONDS = 1000 * MILLIS;

  /// Of three backends whose gate walks at random.
  private static final List<Integer> LIMITS = List.of(3, 1, 5);

  private final Gate gate = new Gate(new GateSettings(3), List.of(LimitSettings.fixed(1)));
  private long now;

  @Test
  void admitsUpToTheLimitThenQueues() {
    assertThat(gate.offer(ticket(CRITICAL), now)).isEqualTo(Verdict.ADMITTED);
    assertThat(gate.offer(ticket(CRITICAL), now)).isEqualTo(Verdict.WAITING);
    assertThat(gate.snapshot(now).lanes().getFirst().inFlight()).isEqualTo(1);
    assertThat(gate.snapshot(now).waitingTotal()).isEqualTo(1);
  }

  @Test
  void admitsTheMostCriticalFirstAndTheOldestWithinAClass() {
    Ticket running = admitted(CRITICAL);
    Ticket sheddable = waiting(SHEDDABLE);
    Ticket critical = waiting(CRITICAL);
    Ticket laterCritical = waiting(CRITICAL);

    assertThat(settled(running)).containsExactly(critical);
    assertThat(settled(critical)).containsExactly(laterCritical);
    assertThat(settled(laterCritical)).containsExactly(sheddable);
    assertThat(settled(sheddable)).isEmpty();
  }

  @Test
  void displacesTheNewestOfTheLeastCriticalWhenFull() {
    admitted(CRITICAL);
    Ticket older = waiting(SHEDDABLE);
    Ticket newer = waiting(SHEDDABLE);
    waiting(SHEDDABLE_PLUS);

    waiting(CRITICAL_PLUS);

    assertThat(decided()).containsExactly(newer);
    assertThat(newer.state()).isEqualTo(Ticket.State.SHED);
    assertThat(newer.reason()).isEqualTo(Reason.SHED_PRIORITY);
    assertThat(newer.retryAfterNanos()).isBetween(SECONDS, 60 * SECONDS);
    assertThat(older.state()).isEqualTo(Ticket.State.WAITING);
  }

  @Test
  void shedsANewcomerThatNobodyHasToMakeRoomFor() {
    admitted(CRITICAL);
    waiting(CRITICAL);
    waiting(CRITICAL);
    waiting(CRITICAL);

    Ticket equal = ticket(CRITICAL);
    Ticket lower = ticket(SHEDDABLE);

    assertThat(gate.offer(equal, now)).isEqualTo(Verdict.SHED);
    assertThat(equal.reason()).isEqualTo(Reason.SHED_SHARE);
    assertThat(gate.offer(lower, now)).isEqualTo(Verdict.SHED);
    assertThat(lower.reason()).isEqualTo(Reason.SHED_PRIORITY);
    assertThat(decided()).isEmpty();
  }

  @Test
  void expiresWhoWaitedPastTheDeadline() {
    admitted(CRITICAL);
    Ticket late = waiting(CRITICAL, now + 5 * MILLIS);
    Ticket patient = waiting(CRITICAL, now + 50 * MILLIS);

    now += 5 * MILLIS;
    gate.advance(now);

    assertThat(decided()).containsExactly(late);
    assertThat(late.state()).isEqualTo(Ticket.State.EXPIRED);
    assertThat(late.reason()).isEqualTo(Reason.DEADLINE_EXCEEDED);
    assertThat(late.waitNanos()).isEqualTo(5 * MILLIS);
    assertThat(patient.state()).isEqualTo(Ticket.State.WAITING);
  }

  @Test
  void neverAdmitsAnExpiredTicketOverALivingOne() {
    Ticket running = admitted(CRITICAL);
    Ticket late = waiting(CRITICAL_PLUS, now + 5 * MILLIS);
    Ticket living = waiting(SHEDDABLE, now + SECONDS);

    now += 6 * MILLIS;

    assertThat(settled(running)).containsExactly(late, living);
    assertThat(late.state()).isEqualTo(Ticket.State.EXPIRED);
    assertThat(living.state()).isEqualTo(Ticket.State.ADMITTED);
  }

  @Test
  void shedsAtOnceWhoseDeadlineCannotBeMet() {
    Ticket first = admitted(CRITICAL);
    now += 100 * MILLIS;
    settled(first);
    admitted(CRITICAL);

    Ticket hasty = ticket(CRITICAL, now + 150 * MILLIS);
    assertThat(gate.offer(hasty, now)).isEqualTo(Verdict.SHED);
    assertThat(hasty.reason()).isEqualTo(Reason.DEADLINE_UNREACHABLE);
    assertThat(gate.offer(ticket(CRITICAL, now + 200 * MILLIS), now)).isEqualTo(Verdict.WAITING);
  }

  @Test
  void refusesADeadlineThatHasPassed() {
    Ticket late = ticket(CRITICAL, now);
    assertThat(gate.offer(late, now)).isEqualTo(Verdict.SHED);
    assertThat(late.reason()).isEqualTo(Reason.DEADLINE_EXCEEDED);
  }

  @Test
  void givesThePermitBackWhateverTheOutcome() {
    for (Outcome outcome : Outcome.values()) {
      Ticket ticket = admitted(CRITICAL);
      gate.settle(ticket, outcome, 0, now);
      assertThat(gate.snapshot(now).lanes().getFirst().inFlight()).isZero();
    }
  }

  @Test
  void refusesToSettleTwice() {
    Ticket ticket = admitted(CRITICAL);
    gate.settle(ticket, Outcome.SERVED, 0, now);
    assertThatThrownBy(() -> gate.settle(ticket, Outcome.SERVED, 0, now))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("SETTLED");
    assertThat(gate.snapshot(now).lanes().getFirst().inFlight()).isZero();
  }

  @Test
  void forgetsWhoWithdraws() {
    Ticket running = admitted(CRITICAL);
    Ticket gone = waiting(CRITICAL_PLUS);
    Ticket next = waiting(CRITICAL);

    gate.withdraw(gone, now);
    gate.withdraw(gone, now);

    assertThat(decided()).containsExactly(gone);
    assertThat(gone.state()).isEqualTo(Ticket.State.WITHDRAWN);
    assertThat(settled(running)).containsExactly(next);
  }

  @Test
  void shedsWithTheTimeOfTheNextProbeWhenAllBackendsAreClosed() {
    admitted(CRITICAL);
    Ticket waiting = waiting(CRITICAL);

    gate.close(0, Absence.BREAKER_OPEN, now + 7 * SECONDS, now);

    assertThat(decided()).containsExactly(waiting);
    Ticket newcomer = ticket(CRITICAL);
    assertThat(gate.offer(newcomer, now)).isEqualTo(Verdict.SHED);
    assertThat(newcomer.reason()).isEqualTo(Reason.BREAKER_OPEN);
    assertThat(newcomer.retryAfterNanos()).isEqualTo(7 * SECONDS);
  }

  @Test
  void rampsUpAfterAnOutage() {
    Gate wide = new Gate(new GateSettings(100), List.of(LimitSettings.fixed(8)));
    wide.close(0, Absence.BREAKER_OPEN, now, now);
    wide.open(0, Absence.BREAKER_OPEN, now);
    List<Integer> limits = new ArrayList<>();
    for (int round = 0; round < 5; round++) {
      int limit = wide.snapshot(now).lanes().getFirst().limit();
      limits.add(limit);
      List<Ticket> permits = new ArrayList<>();
      for (int i = 0; i < limit; i++) {
        Ticket ticket = ticket(CRITICAL);
        assertThat(wide.offer(ticket, now)).isEqualTo(Verdict.ADMITTED);
        permits.add(ticket);
      }
      assertThat(wide.offer(ticket(CRITICAL), now)).isEqualTo(Verdict.WAITING);
      permits.forEach(permit -> wide.settle(permit, Outcome.SERVED, 0, now));
      Ticket queued = wide.takeDecided();
      assertThat(queued).isNotNull();
      wide.settle(queued, Outcome.ABANDONED, 0, now);
    }
    assertThat(limits).containsExactly(1, 2, 4, 8, 8);
  }

  @Test
  void rampsUpBesideWhatWasInFlightBefore() {
    Gate wide = new Gate(new GateSettings(100), List.of(LimitSettings.fixed(50)));
    List<Ticket> older = admitted(wide, 20);
    wide.close(0, Absence.DRAINED, now, now);
    wide.open(0, Absence.DRAINED, now);
    Ticket trial = admitted(wide, 1).getFirst();
    Ticket second = ticket(CRITICAL);
    Ticket third = ticket(CRITICAL);
    assertThat(wide.offer(second, now)).isEqualTo(Verdict.WAITING);
    assertThat(wide.offer(third, now)).isEqualTo(Verdict.WAITING);

    older.forEach(ticket -> wide.settle(ticket, Outcome.SERVED, 0, now));
    assertThat(wide.takeDecided()).as("for what was in flight before").isNull();
    assertThat(limitOf(wide)).isEqualTo(1);
    wide.settle(trial, Outcome.SERVED, 0, now);
    assertThat(second.state()).isEqualTo(Ticket.State.ADMITTED);
    assertThat(third.state()).isEqualTo(Ticket.State.ADMITTED);
    assertThat(wide.offer(ticket(CRITICAL), now)).isEqualTo(Verdict.WAITING);
  }

  @Test
  void anAnswerThatHasBegunCountsForTheRampOnce() {
    Gate wide = new Gate(new GateSettings(100), List.of(LimitSettings.fixed(50)));
    Ticket older = admitted(wide, 1).getFirst();
    wide.close(0, Absence.BREAKER_OPEN, now, now);
    wide.open(0, Absence.BREAKER_OPEN, now);
    Ticket trial = admitted(wide, 1).getFirst();
    wide.answering(older, now);
    assertThat(limitOf(wide)).isEqualTo(2);
    wide.answering(trial, now);
    wide.answering(trial, now);
    assertThat(limitOf(wide)).isEqualTo(4);
    List<Ticket> round = admitted(wide, 2);
    Ticket waiting = ticket(CRITICAL);
    assertThat(wide.offer(waiting, now)).isEqualTo(Verdict.WAITING);
    wide.settle(trial, Outcome.SERVED, 0, now);
    assertThat(waiting.state()).isEqualTo(Ticket.State.WAITING);
    wide.answering(round.getFirst(), now);
    assertThat(waiting.state()).isEqualTo(Ticket.State.ADMITTED);
    wide.settle(round.getLast(), Outcome.SERVED, 0, now);
    assertThat(limitOf(wide)).isEqualTo(6);
  }

  @Test
  void whoAwaitsItsCallerHoldsUpNoRamp() {
    Gate wide = new Gate(new GateSettings(100), List.of(LimitSettings.fixed(3)));
    wide.close(0, Absence.BREAKER_OPEN, now, now);
    wide.open(0, Absence.BREAKER_OPEN, now);
    Ticket trickling = admitted(wide, 1).getFirst();
    Ticket next = ticket(CRITICAL);
    Ticket third = ticket(CRITICAL);
    assertThat(wide.offer(next, now)).isEqualTo(Verdict.WAITING);
    assertThat(wide.offer(third, now)).isEqualTo(Verdict.WAITING);
    wide.awaitsCaller(trickling, now);
    wide.awaitsCaller(trickling, now);
    assertThat(next.state()).isEqualTo(Ticket.State.ADMITTED);
    assertThat(third.state()).isEqualTo(Ticket.State.WAITING);
    assertThat(limitOf(wide)).isEqualTo(2);

    wide.goesOn(trickling);
    assertThat(limitOf(wide)).as("it still waits for one of two things").isEqualTo(2);
    wide.goesOn(trickling);
    assertThat(limitOf(wide)).isEqualTo(1);
    wide.settle(next, Outcome.ABANDONED, 0, now);
    assertThat(third.state()).as("while the first is at work").isEqualTo(Ticket.State.WAITING);
    wide.settle(trickling, Outcome.SERVED, 0, now);
    assertThat(third.state()).isEqualTo(Ticket.State.ADMITTED);
    assertThat(limitOf(wide)).isEqualTo(2);
  }

  /// Two threads tell of them.
  @Test
  void theEndOfAWaitMayBeToldBeforeItsBeginning() {
    Gate wide = new Gate(new GateSettings(100), List.of(LimitSettings.fixed(50)));
    wide.close(0, Absence.BREAKER_OPEN, now, now);
    wide.open(0, Absence.BREAKER_OPEN, now);
    Ticket trial = admitted(wide, 1).getFirst();
    wide.goesOn(trial);
    assertThat(limitOf(wide)).isEqualTo(1);
    wide.awaitsCaller(trial, now);
    assertThat(limitOf(wide)).isEqualTo(1);
    wide.awaitsCaller(trial, now);
    assertThat(limitOf(wide)).isEqualTo(2);
  }

  @Test
  void whoIsGivenBackWhileItAwaitsItsCallerLeavesNothing() {
    Gate wide = new Gate(new GateSettings(100), List.of(LimitSettings.fixed(50)));
    wide.close(0, Absence.BREAKER_OPEN, now, now);
    wide.open(0, Absence.BREAKER_OPEN, now);
    Ticket stream = admitted(wide, 1).getFirst();
    wide.awaitsCaller(stream, now);
    wide.answering(stream, now);
    wide.goesOn(stream);
    wide.awaitsCaller(stream, now);
    Ticket upload = admitted(wide, 1).getFirst();
    wide.awaitsCaller(upload, now);
    assertThat(limitOf(wide)).isEqualTo(4);
    wide.settle(stream, Outcome.SERVED, 0, now);
    wide.settle(upload, Outcome.ABANDONED, 0, now);
    assertThat(limitOf(wide)).isEqualTo(2);
  }

  private int limitOf(Gate other) {
    return other.snapshot(now).lanes().getFirst().limit();
  }

  @Test
  void whatRestedWithMuchInFlightTakesOneMore() {
    Gate wide = new Gate(new GateSettings(100), List.of(LimitSettings.fixed(20)));
    List<Ticket> older = admitted(wide, 12);
    wide.close(0, Absence.RESTING, now + SECONDS, now);
    wide.open(0, Absence.RESTING, now);
    assertThat(limitOf(wide)).isEqualTo(13);
    admitted(wide, 1);
    older.forEach(ticket -> wide.settle(ticket, Outcome.ABANDONED, 0, now));
    assertThat(limitOf(wide)).isEqualTo(13);
  }

  @Test
  void whatRestedWhileCallersWereWaitedForHasRoomForOneMoreThenAndOnceTheyGoOn() {
    Gate wide = new Gate(new GateSettings(100), List.of(LimitSettings.fixed(20)));
    wide.close(0, Absence.BREAKER_OPEN, now, now);
    wide.open(0, Absence.BREAKER_OPEN, now);
    List<Ticket> uploads = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      uploads.add(admitted(wide, 1).getFirst());
      wide.awaitsCaller(uploads.getLast(), now);
    }
    wide.close(0, Absence.RESTING, now + SECONDS, now);
    wide.open(0, Absence.RESTING, now);
    assertThat(limitOf(wide)).isEqualTo(7);
    uploads.forEach(wide::goesOn);
    assertThat(limitOf(wide)).isEqualTo(7);
    uploads.forEach(upload -> wide.awaitsCaller(upload, now));
    assertThat(limitOf(wide)).isEqualTo(7);
    wide.awaitsCaller(admitted(wide, 1).getFirst(), now);
    assertThat(limitOf(wide)).as("who came since is on top").isEqualTo(8);
    uploads.forEach(upload -> wide.settle(upload, Outcome.ABANDONED, 0, now));
    assertThat(limitOf(wide)).isEqualTo(8);
  }

  @Test
  void uploadsFromBeforeARestHoldUpNoRamp() {
    Gate wide = new Gate(new GateSettings(100), List.of(LimitSettings.fixed(20)));
    List<Ticket> uploads = admitted(wide, 16);
    wide.close(0, Absence.RESTING, now + SECONDS, now);
    wide.open(0, Absence.RESTING, now);
    uploads.forEach(upload -> wide.awaitsCaller(upload, now));
    List<Integer> limits = new ArrayList<>();
    for (int round = 0; round < 3; round++) {
      limits.add(limitOf(wide));
      List<Ticket> permits = admitted(wide, limitOf(wide) - 16);
      permits.forEach(permit -> wide.settle(permit, Outcome.SERVED, 0, now));
    }
    assertThat(limits).containsExactly(17, 18, 20);
  }

  @Test
  void whoHadItsTimeForSendingSpeaksForNoLowerLimit() {
    assertThat(grownAfterLateEnds(3900 * MILLIS)).isGreaterThan(1.5 * grownAfterLateEnds(0));
  }

  /// Gives what a limit has become that grew, and then met callers that ended too late.
  ///
  /// @param stalledNanos for how much of four seconds each of them was waited for
  private double grownAfterLateEnds(long stalledNanos) {
    Gate tuned = new Gate(new GateSettings(100), List.of(LimitSettings.selfTuning(1000)));
    for (int round = 0; round < 12; round++) {
      List<Ticket> permits = fill(tuned, now + 4 * SECONDS);
      now += 100 * MILLIS;
      permits.forEach(permit -> tuned.settle(permit, Outcome.SERVED, 0, now));
    }
    for (int round = 0; round < 3; round++) {
      List<Ticket> permits = fill(tuned, now + 4 * SECONDS);
      now += 4 * SECONDS;
      permits.forEach(permit -> tuned.settle(permit, Outcome.OVERLOADED, stalledNanos, now));
    }
    return tuned.capacity();
  }

  private List<Ticket> fill(Gate tuned, long deadlineNanos) {
    List<Ticket> permits = new ArrayList<>();
    Ticket next = ticket(CRITICAL, deadlineNanos);
    while (tuned.offer(next, now) == Verdict.ADMITTED) {
      permits.add(next);
      next = ticket(CRITICAL, deadlineNanos);
    }
    tuned.withdraw(next, now);
    assertThat(tuned.takeDecided()).isIn(null, next);
    return permits;
  }

  @Test
  void aBackendThatOnlyRestedBeginsWithHalfOfItsLimit() {
    Gate wide = new Gate(new GateSettings(100), List.of(LimitSettings.fixed(8)));
    wide.close(0, Absence.RESTING, now + SECONDS, now);
    Ticket refused = ticket(CRITICAL);
    assertThat(wide.offer(refused, now)).isEqualTo(Verdict.SHED);
    assertThat(refused.reason()).isEqualTo(Reason.NO_BACKEND);
    wide.open(0, Absence.RESTING, now);
    assertThat(limitOf(wide)).isEqualTo(4);
  }

  @Test
  void aBackendThatIsOutForTwoReasonsIsBackWhenBothAreOver() {
    Gate wide = new Gate(new GateSettings(100), List.of(LimitSettings.fixed(8)));
    wide.close(0, Absence.DRAINED, now, now);
    wide.close(0, Absence.BREAKER_OPEN, now + SECONDS, now);
    wide.open(0, Absence.BREAKER_OPEN, now);
    assertThat(wide.snapshot(now).lanes().getFirst().open()).isFalse();
    wide.open(0, Absence.BREAKER_OPEN, now);
    assertThat(wide.snapshot(now).lanes().getFirst().open()).isFalse();
    wide.open(0, Absence.DRAINED, now);
    assertThat(wide.snapshot(now).lanes().getFirst().open()).isTrue();
  }

  @Test
  void aSecondTryComesBeforeAllWhoWaitAndAvoidsTheBackendThatFailed() {
    Gate two = new Gate(new GateSettings(100), Stream.of(1, 1).map(LimitSettings::fixed).toList());
    Ticket first = ticket(SHEDDABLE);
    Ticket second = ticket(CRITICAL);
    two.offer(first, now);
    two.offer(second, now);
    Ticket waiting = ticket(CRITICAL_PLUS);
    Ticket waitingToo = ticket(CRITICAL_PLUS);
    two.offer(waiting, now);
    two.offer(waitingToo, now);

    two.settle(first, Outcome.FAILED, 0, now);
    assertThat(two.takeDecided()).isSameAs(waiting);
    Ticket again = new Ticket(first);
    assertThat(two.offerAgain(again, now)).isEqualTo(Verdict.WAITING);
    assertThat(two.waiting()).isEqualTo(2);
    two.settle(second, Outcome.SERVED, 0, now);

    assertThat(two.takeDecided()).isSameAs(again);
    assertThat(again.lane()).isEqualTo(second.lane());
    assertThat(waitingToo.state()).isEqualTo(Ticket.State.WAITING);
  }

  @Test
  void aSecondTryIsShedWhereNoOtherBackendIsLeft() {
    Gate two = new Gate(new GateSettings(100), Stream.of(1, 1).map(LimitSettings::fixed).toList());
    Ticket first = ticket(CRITICAL);
    Ticket second = ticket(CRITICAL);
    two.offer(first, now);
    two.offer(second, now);
    two.settle(first, Outcome.FAILED, 0, now);
    Ticket again = new Ticket(first);
    assertThat(two.offerAgain(again, now)).isEqualTo(Verdict.WAITING);

    two.close(second.lane(), Absence.EJECTED, now + SECONDS, now);

    assertThat(two.takeDecided()).isSameAs(again);
    assertThat(again.state()).isEqualTo(Ticket.State.SHED);
    assertThat(again.reason()).isEqualTo(Reason.NO_BACKEND);
    assertThat(two.offerAgain(new Ticket(first), now)).isEqualTo(Verdict.SHED);
  }

  @Test
  void aThirdTryAvoidsBothBackendsThatFailed() {
    Gate three =
        new Gate(new GateSettings(9), Stream.of(9, 9, 9).map(LimitSettings::fixed).toList());
    Set<Integer> lanes = new HashSet<>();
    Ticket ticket = ticket(CRITICAL);
    for (three.offer(ticket, now); ticket.state() == Ticket.State.ADMITTED; ) {
      assertThat(lanes.add(ticket.lane())).as("a backend of its own").isTrue();
      assertThat(three.hasOther(ticket)).isEqualTo(lanes.size() < 3);
      three.settle(ticket, Outcome.FAILED, 0, now);
      ticket = new Ticket(ticket);
      three.offerAgain(ticket, now);
    }
    assertThat(lanes).hasSize(3);
    assertThat(ticket.reason()).isEqualTo(Reason.NO_BACKEND);
  }

  @Test
  void asksASecondBackendBesideTheFirstOnlyWhereItHasRoomAndNobodyWaits() {
    Gate two = new Gate(new GateSettings(100), Stream.of(1, 1).map(LimitSettings::fixed).toList());
    Ticket first = ticket(CRITICAL);
    two.offer(first, now);
    Ticket beside = new Ticket(first);
    assertThat(two.offerBeside(beside, now)).isEqualTo(Verdict.ADMITTED);
    assertThat(beside.lane()).isNotEqualTo(first.lane());

    assertThat(two.offerBeside(new Ticket(first), now)).isEqualTo(Verdict.SHED);
    assertThat(two.offer(ticket(CRITICAL), now)).isEqualTo(Verdict.WAITING);
    two.settle(beside, Outcome.ABANDONED, 0, now);
    assertThat(two.waiting()).isZero();
    assertThat(two.inFlight()).isEqualTo(2);
  }

  @Test
  void asksNoSecondBackendWhileSomebodyWaitsOrTheGateDrains() {
    Gate two = new Gate(new GateSettings(100), Stream.of(1, 1).map(LimitSettings::fixed).toList());
    Ticket first = ticket(CRITICAL);
    two.offer(first, now);
    two.drain();
    assertThat(two.offerBeside(new Ticket(first), now)).isEqualTo(Verdict.SHED);
    assertThat(two.inFlight()).isEqualTo(1);
  }

  @Test
  void aSecondTryExpiresAndCanBeWithdrawn() {
    Gate two = new Gate(new GateSettings(100), Stream.of(1, 1).map(LimitSettings::fixed).toList());
    Ticket first = ticket(CRITICAL, now + MILLIS);
    Ticket second = ticket(CRITICAL);
    two.offer(first, now);
    two.offer(second, now);
    Ticket late = new Ticket(first);
    Ticket gone = new Ticket(second);
    two.offerAgain(late, now);
    two.offerAgain(gone, now);

    two.advance(now + MILLIS);
    assertThat(two.takeDecided()).isSameAs(late);
    assertThat(late.state()).isEqualTo(Ticket.State.EXPIRED);
    two.withdraw(gone, now + MILLIS);
    assertThat(gone.state()).isEqualTo(Ticket.State.WITHDRAWN);
    assertThat(two.waiting()).isZero();
  }

  @Test
  void takesNothingNewWhileDraining() {
    Ticket running = admitted(CRITICAL);
    Ticket waiting = waiting(CRITICAL);

    gate.drain();

    Ticket newcomer = ticket(CRITICAL_PLUS);
    assertThat(gate.offer(newcomer, now)).isEqualTo(Verdict.SHED);
    assertThat(newcomer.reason()).isEqualTo(Reason.DRAINING);
    assertThat(settled(running)).containsExactly(waiting);
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void keepsItsInvariantsInAnyOrderOfEvents(long seed) {
    Random random = new Random(seed);
    Gate any =
        new Gate(
            new GateSettings(20),
            LIMITS.stream()
                .map(limit -> new LaneSettings(LimitSettings.fixed(limit), limit))
                .toList(),
            seed);
    List<Ticket> all = new ArrayList<>();
    List<Ticket> permits = new ArrayList<>();
    List<Ticket> queued = new ArrayList<>();
    Set<Ticket> awaiting = new HashSet<>();
    Map<Ticket, Set<Integer>> failedAt = new HashMap<>();
    Absence[] absent = new Absence[3];
    boolean[] fresh = new boolean[3];
    int withheldMost = 0;
    int freshSeen = 0;
    for (int step = 0; step < 20_000; step++) {
      now += random.nextInt(3) * MILLIS;
      any.advance(now);
      switch (random.nextInt(15)) {
        case 0, 1, 2, 3, 4 -> {
          long deadline =
              random.nextBoolean() ? Ticket.NO_DEADLINE : now + random.nextInt(60) * MILLIS;
          Ticket earlier =
              permits.isEmpty() || random.nextInt(8) > 0
                  ? null
                  : permits.remove(random.nextInt(permits.size()));
          if (earlier != null) {
            any.settle(earlier, Outcome.FAILED, 0, now);
          }
          Ticket ticket =
              earlier == null
                  ? ticket(Criticality.values()[random.nextInt(4)], deadline)
                  : new Ticket(earlier);
          failedAt.put(ticket, new HashSet<>(failedAt.getOrDefault(earlier, Set.of())));
          if (earlier != null) {
            failedAt.get(ticket).add(earlier.lane());
          }
          all.add(ticket);
          switch (earlier != null ? any.offerAgain(ticket, now) : any.offer(ticket, now)) {
            case ADMITTED -> {
              assertThat(failedAt.get(ticket)).doesNotContain(ticket.lane());
              permits.add(ticket);
            }
            case WAITING -> queued.add(ticket);
            case SHED -> assertThat(ticket.reason()).isNotNull();
          }
        }
        case 5, 6, 7, 8 -> {
          if (!permits.isEmpty()) {
            Ticket permit = permits.remove(random.nextInt(permits.size()));
            Outcome outcome = Outcome.values()[random.nextInt(4)];
            fresh[permit.lane()] &= outcome != Outcome.SERVED;
            any.settle(permit, outcome, 0, now);
          }
        }
        case 9 -> {
          if (!queued.isEmpty()) {
            any.withdraw(queued.get(random.nextInt(queued.size())), now);
          }
        }
        case 10 -> any.advance(now);
        case 11, 12 -> {
          if (!permits.isEmpty()) {
            Ticket permit = permits.get(random.nextInt(permits.size()));
            if (awaiting.remove(permit)) {
              any.goesOn(permit);
            } else {
              awaiting.add(permit);
              any.awaitsCaller(permit, now);
            }
          }
        }
        case 13 -> {
          if (!permits.isEmpty()) {
            Ticket permit = permits.get(random.nextInt(permits.size()));
            fresh[permit.lane()] = false;
            any.answering(permit, now);
          }
        }
        default -> {
          int lane = random.nextInt(3);
          Absence why = absent[lane];
          if (why == null && random.nextInt(10) == 0) {
            why = random.nextBoolean() ? Absence.RESTING : Absence.BREAKER_OPEN;
            any.close(lane, why, now + SECONDS, now);
            absent[lane] = why;
          } else if (why != null) {
            fresh[lane] = why == Absence.BREAKER_OPEN;
            any.open(lane, why, now);
            absent[lane] = null;
          }
        }
      }
      for (Ticket ticket = any.takeDecided(); ticket != null; ticket = ticket.nextDecided()) {
        assertThat(queued.remove(ticket)).isTrue();
        if (ticket.state() == Ticket.State.ADMITTED) {
          assertThat(failedAt.get(ticket)).doesNotContain(ticket.lane());
          permits.add(ticket);
        }
      }
      GateSnapshot seen = any.snapshot(now);
      assertThat(any.waiting()).isEqualTo(queued.size());
      assertThat(seen.waitingTotal()).isLessThanOrEqualTo(20);
      assertThat(seen.lanes().stream().mapToInt(LaneSnapshot::inFlight).sum())
          .isEqualTo(permits.size());
      for (int lane = 0; lane < 3; lane++) {
        LaneSnapshot backend = seen.lanes().get(lane);
        int taken = backend.inFlight() + backend.withheld();
        assertThat(taken).isLessThanOrEqualTo(LIMITS.get(lane));
        assertThat(backend.limit()).isBetween(1, LIMITS.get(lane));
        assertThat(backend.inFlight()).isNotNegative();
        assertThat(backend.withheld()).isNotNegative();
        if (fresh[lane] && backend.open() && backend.inFlight() == 0) {
          assertThat(backend.limit()).as("with nothing beside the ramp").isOne();
          freshSeen++;
        }
        if (backend.open() && anyWants(lane, queued, failedAt)) {
          assertThat(taken).isGreaterThanOrEqualTo(backend.limit());
        }
        withheldMost = Math.max(withheldMost, backend.withheld());
      }
    }
    assertThat(withheldMost).isGreaterThan(1);
    assertThat(freshSeen).isGreaterThan(10);
    permits.forEach(permit -> any.settle(permit, Outcome.SERVED, 0, now));
    assertThat(all).hasSizeGreaterThan(5000);
  }

  @Test
  void observingLetsEverybodyPassAndCountsWhatItWouldHaveShed() {
    Ticket first = admitted(CRITICAL);
    now += 100 * MILLIS;
    settled(first);
    gate.mode(Mode.OBSERVE, now);
    for (int i = 0; i < 20; i++) {
      assertThat(gate.offer(ticket(SHEDDABLE, now + 150 * MILLIS), now))
          .isEqualTo(Verdict.ADMITTED);
    }
    assertThat(gate.snapshot(now).wouldShed()).isEqualTo(19);
    assertThat(gate.snapshot(now).lanes().getFirst().inFlight()).isEqualTo(20);
  }

  @Test
  void letsThoseWhoWaitPassWhenItStopsEnforcing() {
    admitted(CRITICAL);
    Ticket waiting = waiting(SHEDDABLE);

    gate.mode(Mode.OFF, now);

    assertThat(decided()).containsExactly(waiting);
    assertThat(waiting.state()).isEqualTo(Ticket.State.ADMITTED);
    assertThat(gate.offer(ticket(SHEDDABLE), now)).isEqualTo(Verdict.ADMITTED);
    assertThat(gate.snapshot(now).wouldShed()).isZero();
  }

  private Ticket ticket(Criticality criticality) {
    return ticket(criticality, Ticket.NO_DEADLINE);
  }

  private static Ticket ticket(Criticality criticality, long deadlineNanos) {
    return new Ticket("tenant", criticality, deadlineNanos);
  }

  @Test
  void anotherLimitHoldsFromTheNextDecisionOnAndTakesNothingBack() {
    Gate changed = new Gate(new GateSettings(100), List.of(LimitSettings.fixed(4)));
    List<Ticket> running = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      Ticket ticket = new Ticket("t", CRITICAL, Ticket.NO_DEADLINE);
      changed.offer(ticket, now);
      running.add(ticket);
    }
    changed.limit(0, LimitSettings.fixed(1), now);
    assertThat(changed.inFlight()).isEqualTo(4);
    changed.settle(running.get(0), Outcome.SERVED, 0, now);
    assertThat(changed.inFlight()).isEqualTo(3);
    assertThat(changed.takeDecided()).isNull();

    changed.limit(0, LimitSettings.checked("auto"), now);
    assertThat(changed.limit(0).wire()).isEqualTo("auto");
    for (Ticket ticket : running.subList(1, 4)) {
      changed.settle(ticket, Outcome.SERVED, 0, now);
    }
    assertThat(changed.inFlight()).isEqualTo(2);

    changed.limit(0, LimitSettings.checked("100"), now);
    assertThat(changed.snapshot(now).lanes().getFirst().limit()).isEqualTo(100);
    assertThatThrownBy(() -> LimitSettings.checked("0"))
        .hasMessage("limit: unknown (expected: 1 to 10000, or auto)");
    assertThatThrownBy(() -> LimitSettings.checked("10001"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void callersInAHurryDoNotBrakeTheLimitForAll() {
    Gate tuned = new Gate(new GateSettings(100), List.of(LimitSettings.selfTuning(64)));
    for (int round = 0; round < 200; round++) {
      List<Ticket> admitted = new ArrayList<>();
      for (int i = 0; i < 32; i++) {
        boolean hurried = i % 2 == 0;
        long patience = hurried ? 20 * MILLIS : 5 * SECONDS;
        Ticket ticket = new Ticket("t" + i % 4, CRITICAL, now + patience);
        if (tuned.offer(ticket, now) == Verdict.ADMITTED) {
          admitted.add(ticket);
        }
      }
      now += 20 * MILLIS;
      for (Ticket ticket : admitted) {
        if (ticket.deadlineNanos() <= now) {
          tuned.settle(ticket, Outcome.OVERLOADED, 0, now);
        }
      }
      now += 80 * MILLIS;
      for (Ticket ticket : admitted) {
        if (ticket.state() == Ticket.State.ADMITTED) {
          tuned.settle(ticket, Outcome.SERVED, 0, now);
        }
      }
      for (Ticket next = tuned.takeDecided(); next != null; next = next.nextDecided()) {
        if (next.state() == Ticket.State.ADMITTED) {
          tuned.settle(next, Outcome.SERVED, 0, now);
        }
      }
    }
    assertThat(tuned.snapshot(now).lanes().getFirst().limit()).isGreaterThan(16);
  }

  @Test
  void thePermitOfARefusedRequestIsWithheldForTheUsualTime() {
    Ticket served = admitted(CRITICAL);
    now += 40 * MILLIS;
    settled(served);
    Ticket refused = admitted(CRITICAL);
    Ticket next = waiting(CRITICAL);

    gate.settle(refused, Outcome.OVERLOADED, 0, now);
    assertThat(decided()).isEmpty();
    assertThat(gate.untilRoomNanos(now)).isEqualTo(40 * MILLIS);
    LaneSnapshot seen = gate.snapshot(now).lanes().getFirst();
    assertThat(seen.inFlight()).isZero();
    assertThat(seen.withheld()).isOne();
    assertThat(seen.refusals()).isOne();
    assertThat(seen.refusalBound()).isInfinite();
    gate.advance(now + 40 * MILLIS - 1);
    assertThat(decided()).isEmpty();
    gate.advance(now + 40 * MILLIS);
    assertThat(decided()).containsExactly(next);
    seen = gate.snapshot(now + 40 * MILLIS).lanes().getFirst();
    assertThat(seen.inFlight()).isOne();
    assertThat(seen.withheld()).isZero();
    assertThat(seen.refusals()).isOne();
  }

  @Test
  void takesALeakedPermitBackOnce() {
    Ticket lost = new Ticket("t", CRITICAL, 10 * SECONDS);
    assertThat(gate.offer(lost, now)).isEqualTo(Verdict.ADMITTED);
    Ticket waits = waiting(CRITICAL);

    assertThat(gate.takeBackLeaked(129 * SECONDS)).isZero();
    assertThat(gate.takeBackLeaked(131 * SECONDS)).isOne();

    assertThat(decided()).containsExactly(waits);
    assertThat(gate.snapshot(now).leaked()).isOne();
    gate.settle(lost, Outcome.SERVED, 0, 132 * SECONDS);
    assertThat(gate.inFlight()).isOne();
    gate.settle(waits, Outcome.SERVED, 0, 133 * SECONDS);
    assertThat(gate.inFlight()).isZero();
    assertThat(gate.takeBackLeaked(9999 * SECONDS)).isZero();
  }

  @Test
  void aLeakedPermitDoesNotSayHowLongABackendTakes() {
    Ticket served = ticket(CRITICAL);
    gate.offer(served, now);
    gate.settle(served, Outcome.SERVED, 0, now + 20 * MILLIS);
    gate.offer(new Ticket("t", CRITICAL, 10 * SECONDS), now + 20 * MILLIS);

    assertThat(gate.takeBackLeaked(131 * SECONDS)).isOne();

    double heldNanos = gate.snapshot(131 * SECONDS).lanes().getFirst().heldNanos();
    assertThat(heldNanos).isEqualTo(20 * MILLIS);
  }

  @Test
  void whoHangsUpLateChangesNothingForOthers() {
    assertThat(seenByOthers(true)).isEqualTo(seenByOthers(false));
  }

  /// Gives how others fare at a backend that takes 20 ms.
  ///
  /// @param hangUps whether somebody has given many requests up before, each after a second
  private List<Object> seenByOthers(boolean hangUps) {
    now = 0;
    Gate wide = new Gate(new GateSettings(1000), List.of(LimitSettings.fixed(2)));
    Ticket served = ticket(CRITICAL);
    wide.offer(served, now);
    wide.settle(served, Outcome.SERVED, 0, 20 * MILLIS);
    for (int i = 0; i < 100; i++) {
      Ticket leaver = new Ticket("leaves", CRITICAL, Ticket.NO_DEADLINE);
      assertThat(wide.offer(leaver, now)).isEqualTo(Verdict.ADMITTED);
      now += SECONDS;
      wide.settle(leaver, Outcome.ABANDONED, hangUps ? 0 : SECONDS - MILLIS, now);
    }
    List<Object> seen = new ArrayList<>();
    Ticket late = admitted(wide, 1).getFirst();
    wide.settle(late, Outcome.OVERLOADED, 0, now + 60 * MILLIS);
    seen.add(wide.snapshot(now + 60 * MILLIS).lanes());
    now += SECONDS;
    List<Ticket> running = admitted(wide, 2);
    seen.add(shedOf(wide, Ticket.NO_DEADLINE, 200));
    now += 500 * MILLIS;
    seen.add(shedOf(wide, Ticket.NO_DEADLINE, 200));
    running.forEach(permit -> wide.settle(permit, Outcome.SERVED, 0, now));
    seen.add(shedOf(wide, now + 30 * MILLIS, 1));
    seen.add(shedOf(wide, Ticket.NO_DEADLINE, 1));
    decidedBy(wide).forEach(permit -> wide.settle(permit, Outcome.SERVED, 0, now));
    seen.add(shedOf(wide, now + 500 * MILLIS, 1));
    return seen;
  }

  /// Gives how many of so many newcomers are shed, why the last, and when that had better come
  /// again.
  private List<Object> shedOf(Gate wide, long deadlineNanos, int newcomers) {
    List<Object> seen = new ArrayList<>();
    int shed = 0;
    for (int i = 0; i < newcomers; i++) {
      Ticket ticket = ticket(CRITICAL, deadlineNanos);
      if (wide.offer(ticket, now) == Verdict.SHED) {
        shed++;
        seen = new ArrayList<>(List.of(ticket.reason(), ticket.retryAfterNanos()));
      }
    }
    seen.add(shed);
    return seen;
  }

  @Test
  void aSignOfLifeOrWorkThatIsKeptIsNoLeak() {
    Gate wide = new Gate(new GateSettings(3), List.of(LimitSettings.fixed(3)));
    Ticket streams = new Ticket("t", CRITICAL, 10 * SECONDS);
    Ticket kept = new Ticket("t", CRITICAL, 10 * SECONDS);
    wide.offer(streams, now);
    wide.offer(kept, now);
    streams.alive(500 * SECONDS);
    kept.keep();

    assertThat(wide.takeBackLeaked(600 * SECONDS)).isZero();
    assertThat(wide.takeBackLeaked(621 * SECONDS)).isOne();
    assertThat(streams.state()).isEqualTo(Ticket.State.LEAKED);
    assertThat(wide.inFlight()).isOne();
  }

  private static boolean anyWants(
      int lane, List<Ticket> waiting, Map<Ticket, Set<Integer>> failedAt) {
    return waiting.stream()
        .anyMatch(ticket -> !failedAt.getOrDefault(ticket, Set.of()).contains(lane));
  }

  private List<Ticket> admitted(Gate wide, int count) {
    List<Ticket> tickets = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Ticket ticket = ticket(CRITICAL);
      assertThat(wide.offer(ticket, now)).isEqualTo(Verdict.ADMITTED);
      tickets.add(ticket);
    }
    return tickets;
  }

  private Ticket admitted(Criticality criticality) {
    Ticket ticket = ticket(criticality);
    assertThat(gate.offer(ticket, now)).isEqualTo(Verdict.ADMITTED);
    return ticket;
  }

  private Ticket waiting(Criticality criticality) {
    return waiting(criticality, Ticket.NO_DEADLINE);
  }

  private Ticket waiting(Criticality criticality, long deadlineNanos) {
    Ticket ticket = ticket(criticality, deadlineNanos);
    assertThat(gate.offer(ticket, now)).isEqualTo(Verdict.WAITING);
    return ticket;
  }

  private List<Ticket> settled(Ticket permit) {
    gate.settle(permit, Outcome.SERVED, 0, now);
    return decided();
  }

  private List<Ticket> decided() {
    return decidedBy(gate);
  }

  private static List<Ticket> decidedBy(Gate gate) {
    List<Ticket> chain = new ArrayList<>();
    for (Ticket ticket = gate.takeDecided(); ticket != null; ticket = ticket.nextDecided()) {
      chain.add(ticket);
    }
    return chain;
  }
}
