package triage.pressure;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import triage.time.SettableTime;

/// When usage is short of CPU time, alone and together with the controller, read each 100 ms.
final class ShortageTest {
  private static final long TICK = 100_000_000L;
  private static final double STALL = 0.97;

  /// Usage in percent of a group of two processors that burners held at 85 %, each 100 ms: 19
  /// readings above 90, four times two in a row. Stalls were at 97 % all the while.
  private static final String RECORDED =
      """
      88 87 85 82 84 85 84 88 79 86 75 78 78 92 90 76 57 56 60 54 99 78 88 100 70 90 82 83 91
      93 91 85 87 85 86 86 97 77 86 84 84 84 91 91 88 89 89 89 89 86 85 85 80 86 88 91 90 87
      84 81 85 90 62 65 59 81 90 82 92 100 90 85 82 80 78 85 100 71 87 88 87 84 90 87 87 86
      100 37 87 86 78 92 79 87 81 90 100 82 86 91 89 85 90 87 83 83 83 84 79 80 83 79 87 82 80
      86 89 86 87 86 86 87 87 86 84 67 83 89 86 82 77 87 88 89 83 85 81 80 78 86 89 90 98 78
      83 90 90 86 89 87 86 76 87 86 86 85 78 88 80 86 86 82 83 57 90 85 83 88 89 86 100 59 90
      70 89 81 80 87 90 87 85 88 89 86 84 80 89 79 90 90 89 79 86 78 80 86 85 87 90 85 87 87
      88 86 80 86 85
      """;

  private final Shortage shortage = new Shortage();
  private final SettableTime time = new SettableTime(Instant.EPOCH);
  private long now;

  @Test
  void aSteady85PercentIsNone() {
    for (int i = 0; i < 30; i++) {
      assertThat(update(0.85)).isFalse();
    }
    recorded().forEach(usage -> assertThat(update(usage)).isFalse());
  }

  @ParameterizedTest(name = "usage rises from {0} to {1}")
  @CsvSource({"0.85, 1, 4", "0.85, 0.95, 4", "0.85, 0.92, 10"})
  void beginsSoonerTheMoreIsMissing(double before, double after, int ticks) {
    for (int i = 0; i < 50; i++) {
      assertThat(update(before)).isFalse();
    }
    int passed = 1;
    while (!update(after)) {
      passed++;
    }
    assertThat(passed).isLessThanOrEqualTo(ticks).isGreaterThan(2);
  }

  @Test
  void aRiseFromCalmIsOneAtOnce() {
    for (int i = 0; i < 50; i++) {
      assertThat(update(0.6)).isFalse();
    }
    assertThat(update(0.92)).isTrue();
    assertThat(update(0.89)).isFalse();
  }

  @Test
  void goesOnAtTheSetPointAndEndsBelow() {
    for (int i = 0; i < 100; i++) {
      update(1);
    }
    assertThat(update(0.9)).isTrue();
    assertThat(update(0.85)).isTrue();
    assertThat(update(0.2)).isFalse();
  }

  @Test
  void mayBeWhereUsageIsNotKnown() {
    assertThat(shortage.update(OptionalDouble.empty(), TICK)).isTrue();
    assertThat(shortage.update(OptionalDouble.of(0.5), 2 * TICK)).isFalse();
  }

  @Test
  void readingsThatComeAtOnceAfterAStallAreNone() {
    for (int i = 0; i < 50; i++) {
      update(0.85);
    }
    for (int i = 0; i < 100; i++) {
      assertThat(shortage.update(OptionalDouble.of(12), now += 1000)).isFalse();
    }
  }

  @Test
  void theDoorShedsNothingAtASteady85PercentAndSoonUnderAHog() {
    AtomicReference<Double> usage = new AtomicReference<>(0.2);
    try (Pressure pressure =
        Pressure.of(
            Map.of(
                Signal.CPU_USAGE, _ -> OptionalDouble.of(usage.get()),
                Signal.CPU_STALL, _ -> OptionalDouble.of(STALL)),
            time)) {
      for (int i = 0; i < 30; i++) {
        fraction(pressure, usage, 0.85);
      }
      recorded().forEach(reading -> assertThat(fraction(pressure, usage, reading)).isZero());
      for (int i = 0; i < 50; i++) {
        assertThat(fraction(pressure, usage, 0.2)).isZero();
      }
      int ticks = 1;
      while (fraction(pressure, usage, 0.97) == 0) {
        ticks++;
      }
      assertThat(ticks).isLessThanOrEqualTo(3);
      for (int i = 0; i < 600; i++) {
        assertThat(fraction(pressure, usage, 0.97)).isPositive();
      }
      for (int i = 0; i < 29; i++) {
        fraction(pressure, usage, 0.2);
      }
      assertThat(fraction(pressure, usage, 0.2)).isZero();
    }
  }

  private double fraction(Pressure pressure, AtomicReference<Double> usage, double reading) {
    usage.set(reading);
    time.advance(Duration.ofNanos(TICK));
    return pressure.sample(time.nanos()).shedFraction();
  }

  private boolean update(double usage) {
    now += TICK;
    return shortage.update(OptionalDouble.of(usage), now);
  }

  private static Stream<Double> recorded() {
    return RECORDED
        .strip()
        .lines()
        .flatMap(line -> Stream.of(line.split(" ")))
        .map(percent -> Integer.parseInt(percent) / 100.0);
  }
}
