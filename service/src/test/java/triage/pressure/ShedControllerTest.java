package triage.pressure;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The controller, stepped by 100 ms.
final class ShedControllerTest {
  private static final long TICK = 100_000_000L;

  private final ShedController controller = new ShedController();
  private long now;

  @Test
  void shedsNothingAtASteady85Percent() {
    assertThat(steps(600, 0.85 / 0.9)).isZero();
  }

  @Test
  void shedsNothingAtTheSetPoint() {
    assertThat(steps(600, 1)).isZero();
  }

  @ParameterizedTest(name = "at a pressure of {0}")
  @ValueSource(doubles = {1.11, 1.5, 2, 50})
  void tripsWithinASecond(double pressure) {
    steps(50, 0.5);
    assertThat(ticksUntilShedding(pressure)).isLessThanOrEqualTo(10);
  }

  @Test
  void takesNoSingleReadingForPressure() {
    steps(50, 0.95);
    assertThat(steps(1, 2)).isZero();
    assertThat(steps(1, 0.95)).isZero();
    assertThat(steps(2, 2)).isPositive();
  }

  @ParameterizedTest(name = "after a pressure of {0}")
  @ValueSource(doubles = {1.11, 1.5, 2, 50})
  void releasesWithinThreeSecondsHoweverLongTheStormWas(double pressure) {
    steps(6000, pressure);
    assertThat(steps(30, 0.3)).isZero();
  }

  @Test
  void staysBelowItsBoundAndNeverUnwinds() {
    assertThat(steps(6000, 1000)).isEqualTo(ShedController.FRACTION_MAX);
    assertThat(steps(1, 0.2)).isEqualTo(ShedController.FRACTION_MAX);
    assertThat(steps(20, 0.95)).isLessThan(ShedController.FRACTION_MAX);
  }

  @Test
  void shedsNoMoreThanCanHelpAndUnwindsNothing() {
    for (int i = 0; i < 6000; i++) {
      now += TICK;
      assertThat(controller.update(1000, .2, now)).isLessThanOrEqualTo(.2);
    }
    assertThat(steps(30, 0.3)).isZero();
  }

  @Test
  void holdsBetweenLettingGoAndTheSetPoint() {
    steps(20, 1.3);
    double before = steps(40, 0.97);
    assertThat(controller.pressure()).isBetween(0.9, 1.0);
    assertThat(before).isPositive();
    assertThat(steps(10, 0.97)).isBetween(before - 0.05, before);
  }

  private int ticksUntilShedding(double pressure) {
    for (int tick = 1; tick < 100; tick++) {
      if (steps(1, pressure) > 0) {
        return tick;
      }
    }
    return Integer.MAX_VALUE;
  }

  private double steps(int ticks, double pressure) {
    double fraction = 0;
    for (int tick = 0; tick < ticks; tick++) {
      now += TICK;
      fraction = controller.update(pressure, 1, now);
    }
    return fraction;
  }
}
