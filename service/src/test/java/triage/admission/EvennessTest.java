package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

final class EvennessTest {
  private final Evenness evenness = new Evenness();
  private final Random random = new Random(1);

  @Test
  void nothingIsEvenBeforeItIsSeen() {
    assertThat(evenness.isEven()).isFalse();
    assertThat(evenness.variation()).isEqualTo(Evenness.EXPECTED);
  }

  @Test
  void aFewThatTakeTheSameAreEven() {
    evenness.learn(PhaseTest.phase(6, 2, () -> 1e6));

    assertThat(evenness.isEven()).isTrue();
    assertThat(evenness.isVeryEven()).isTrue();
  }

  /// Work that varies by a half, beyond the capacity: a quarter of those in flight waits.
  @Test
  void whatWaitsSeemsEvenButNotVeryEven() {
    for (int i = 0; i < 50; i++) {
      evenness.learn(
          PhaseTest.phase(20, 2, () -> 1e6 * Math.exp(.47 * random.nextGaussian()) + .37e6));
    }

    assertThat(evenness.isEven()).isTrue();
    assertThat(evenness.isVeryEven()).isFalse();
  }

  @Test
  void learnsTheVarianceOfTheLogarithmAndForgets() {
    for (int i = 0; i < 50; i++) {
      evenness.learn(PhaseTest.phase(20, 2, () -> 1e6 * Math.exp(.7 * random.nextGaussian())));
    }
    assertThat(evenness.variation()).isCloseTo(.49, within(.08));
    assertThat(evenness.isEven()).isFalse();

    for (int i = 0; i < 50; i++) {
      evenness.learn(PhaseTest.phase(20, 2, () -> 1e6));
    }
    assertThat(evenness.isEven()).isTrue();
  }
}
