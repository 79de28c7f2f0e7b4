package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class HeavierWorkTest {
  private final HeavierWork heavier = new HeavierWork();

  @Test
  void isLikelyWhereAsManyAreOvertakenAsBefore() {
    heavier.learn(phase(6, 2, 5));

    assertThat(heavier.isLikely(phase(6, 10, 25))).isTrue();
    assertThat(heavier.isLikely(phase(6, 5, 25))).isFalse();
  }

  @Test
  void isNotAskedOnceMuchIsKnown() {
    heavier.learn(phase(14, 5, 12));
    assertThat(heavier.isLikely(phase(6, 12, 25))).isTrue();

    heavier.learn(phase(1, 0, 1));
    assertThat(heavier.isLikely(phase(6, 12, 25))).isFalse();
  }

  @Test
  void saysNothingWhereWorkIsEvenOrLittleWasBeside() {
    heavier.learn(phase(6, 0, 6));
    assertThat(heavier.isLikely(phase(6, 0, 25))).isFalse();

    HeavierWork other = new HeavierWork();
    other.learn(phase(6, 2, 5));
    assertThat(other.isLikely(phase(2, 2, 5))).isFalse();
  }

  @Test
  void isAssumedThreeTimesAtMost() {
    heavier.learn(phase(6, 2, 5));
    for (int i = 0; i < 3; i++) {
      assertThat(heavier.isLikely(phase(6, 10, 25))).isTrue();
      heavier.assume();
    }
    assertThat(heavier.isLikely(phase(6, 10, 25))).isFalse();
  }

  @Test
  void isRefutedByTimesThatRiseOnWithWhatIsInFlight() {
    assertThat(HeavierWork.isRefuted(.5, .45)).isTrue();
    assertThat(HeavierWork.isRefuted(.5, .3)).isFalse();
    assertThat(HeavierWork.isRefuted(.1, .3)).isFalse();
  }

  private static Phase phase(int ended, int overtaken, int beside) {
    Phase phase = PhaseTest.phase(ended, 2, () -> 1e6);
    phase.overtook(overtaken, beside);
    return phase;
  }
}
