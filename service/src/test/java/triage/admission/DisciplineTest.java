package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Backends that are kept at one level, and then at another, for as long as a round lasts.
final class DisciplineTest {
  private static final Elasticity ALL_WAITS = new Elasticity(1, .2);
  private static final int SLOTS = 32;
  private static final int ROUND = 40;

  private final Discipline discipline = new Discipline();
  private Random random = new Random(1);

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void whereAllShareTheSpeedAsManyMoreAreOvertakenAsThereAreMore(long seed) {
    random = new Random(seed);
    learn(20, ALL_WAITS, this::shared);

    assertThat(discipline.isShared()).isTrue();
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void whereWhatIsAddedWaitsNoMoreAreOvertakenThanBefore(long seed) {
    random = new Random(seed);
    for (int i = 0; i < 200; i++) {
      learn(1, ALL_WAITS, this::inOrder);
      assertThat(discipline.isShared()).as("pair " + i).isFalse();
    }
  }

  @Test
  void aBackendThatIsReplacedIsFoundOut() {
    learn(400, ALL_WAITS, this::shared);
    learn(60, ALL_WAITS, this::inOrder);
    assertThat(discipline.isShared()).isFalse();

    learn(40, ALL_WAITS, this::shared);
    assertThat(discipline.isShared()).isTrue();
  }

  @Test
  void whereIdleSlotsTakeWhatIsAddedNothingIsLearnt() {
    learn(100, new Elasticity(0, .2), this::shared);

    assertThat(discipline.isShared()).isFalse();
  }

  /// Whatever its elasticity seems to be by chance.
  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void aBackendThatIsReplacedByOneWithIdleSlotsIsForgotten(long seed) {
    random = new Random(seed);
    learn(20, ALL_WAITS, this::shared);
    assertThat(discipline.isShared()).isTrue();

    for (int i = 0; i < 80; i++) {
      learn(1, new Elasticity(.5 * random.nextGaussian(), .5), this::shared);
    }
    assertThat(discipline.isShared()).isFalse();
  }

  @Test
  void whatIsNotConfirmedIsForgotten() {
    learn(20, ALL_WAITS, this::shared);
    learn(10, ALL_WAITS, inFlight -> phase(inFlight, List.of()));
    assertThat(discipline.isShared()).isTrue();

    learn(50, ALL_WAITS, inFlight -> phase(inFlight, List.of()));
    assertThat(discipline.isShared()).isFalse();
  }

  @Test
  void whereNobodyOvertakesAnybodyNothingIsLearnt() {
    learn(100, ALL_WAITS, inFlight -> phase(inFlight, List.of(0, 0, 0, 0)));
    learn(100, ALL_WAITS, inFlight -> phase(inFlight, List.of()));
    assertThat(discipline.isShared()).isFalse();

    learn(20, ALL_WAITS, this::shared);
    assertThat(discipline.isShared()).isTrue();
  }

  @FunctionalInterface
  private interface Backend {
    Phase round(int inFlight);
  }

  private void learn(int pairs, Elasticity elasticity, Backend backend) {
    for (int i = 0; i < pairs; i++) {
      discipline.learn(new Pair(backend.round(36), backend.round(48), 1), elasticity);
    }
  }

  /// The first slots' worth of what is in flight is worked on.
  private Phase inOrder(int inFlight) {
    return round(inFlight, SLOTS);
  }

  private Phase shared(int inFlight) {
    return round(inFlight, inFlight);
  }

  /// A round at a level that has been held for long. Whatever ends is followed by another, and what
  /// is worked on advances by as much in each step.
  private Phase round(int inFlight, int workedOn) {
    List<Double> left = new ArrayList<>();
    List<Integer> overtaken = new ArrayList<>();
    for (int i = 0; i < inFlight; i++) {
      left.add(work());
    }
    for (int ended = 0; ended < 10 * inFlight + ROUND; ended++) {
      int next = 0;
      for (int i = 1; i < workedOn; i++) {
        next = left.get(i) < left.get(next) ? i : next;
      }
      double step = left.get(next);
      for (int i = 0; i < workedOn; i++) {
        left.set(i, left.get(i) - step);
      }
      left.remove(next);
      left.add(work());
      if (ended >= 10 * inFlight) {
        overtaken.add(next);
      }
    }
    return phase(inFlight, overtaken);
  }

  private double work() {
    return Math.exp(.5 * random.nextGaussian());
  }

  private static Phase phase(int inFlight, List<Integer> overtaken) {
    Phase phase = PhaseTest.phase(overtaken.size(), inFlight, () -> 1e6);
    overtaken.forEach(count -> phase.overtook(count, inFlight - 1));
    return phase;
  }
}
