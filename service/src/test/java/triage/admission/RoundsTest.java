package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class RoundsTest {
  private static final long SECOND = 1_000_000_000;

  private final Rounds rounds = new Rounds();
  private long ended;
  private long now;

  RoundsTest() {
    rounds.now().begin(1, 0, 0);
  }

  @Test
  void twoThatAreOverMakeAPair() {
    pass(20, 3);
    assertThat(rounds.takePair()).isNull();
    pass(14, 1);

    Pair pair = rounds.takePair();
    assertThat(pair).isNotNull();
    assertThat(pair.lower().inFlight()).isEqualTo(14);
    assertThat(pair.higher().inFlight()).isEqualTo(20);
    assertThat(pair.perNano()).isEqualTo(2.0 / SECOND);
    assertThat(rounds.takePair()).isNull();
  }

  @Test
  void waitsForAllThatWasDispatchedToEnd() {
    Phase open = rounds.now();
    open.dispatch(20, now);
    pass(20, 1);
    pass(14, 1);
    assertThat(rounds.takePair()).isNull();

    open.end(0, SECOND, Ending.SERVED);
    assertThat(rounds.takePair()).isNotNull();
  }

  @Test
  void doesNotWaitForLongerThanItRemembers() {
    rounds.now().dispatch(20, now);
    pass(20, 1);
    while (rounds.canGoOn()) {
      assertThat(rounds.number()).isLessThan(100);
      pass(14, 1);
    }

    assertThat(rounds.takePair()).isNotNull();
    assertThat(rounds.canGoOn()).isTrue();
  }

  @Test
  void passesOverWhatHasTaughtNothing() {
    pass(20, 1);
    pass(14, 0);
    pass(21, 1);
    pass(15, 1);

    Pair pair = rounds.takePair();
    assertThat(pair).isNotNull();
    assertThat(pair.lower().inFlight()).isEqualTo(15);
    assertThat(rounds.takePair()).isNull();
  }

  @Test
  void theLaterOneOfAPairMayBeTheEarlierOneOfTheNext() {
    pass(20, 1);
    pass(14, 1);
    assertThat(rounds.takePair()).isNotNull();
    pass(21, 1);

    rounds.takeLaterAgain();
    Pair pair = rounds.takePair();
    assertThat(pair).isNotNull();
    assertThat(pair.lower().inFlight()).isEqualTo(14);
    assertThat(pair.higher().inFlight()).isEqualTo(21);
  }

  @Test
  void whatWasBeforeTeachesNothingOnceOthersAreJudged() {
    long first = rounds.number();
    pass(20, 1);
    pass(14, 1);
    assertThat(rounds.teaches(first)).isTrue();
    assertThat(rounds.teaches(Rounds.NONE)).isFalse();

    rounds.judgeFromNow();
    assertThat(rounds.teaches(first)).isFalse();
    assertThat(rounds.takePair()).isNull();
  }

  /// Lets some be dispatched and end in the present round, which takes a second, and goes on.
  private void pass(int inFlight, int count) {
    for (int i = 0; i < count; i++) {
      rounds.now().dispatch(inFlight, now);
      rounds.now().end(now, SECOND, Ending.SERVED);
    }
    ended += count;
    now += SECOND;
    rounds.next().begin(1, ended, now);
  }
}
