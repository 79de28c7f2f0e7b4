package triage.pressure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import triage.time.SettableTime;

/// The greatest of the signals, and what is said of those that are absent.
final class PressureTest {
  private final SettableTime time = new SettableTime(Instant.EPOCH);

  @Test
  void theGreatestSignalDecides() {
    try (Pressure pressure =
        Pressure.of(
            Map.of(
                Signal.CPU_USAGE, _ -> OptionalDouble.of(0.92),
                Signal.CPU_STALL, _ -> OptionalDouble.of(0.3),
                Signal.HEAP, _ -> OptionalDouble.empty()),
            time)) {
      Reading last = Reading.NONE;
      for (int i = 0; i < 30; i++) {
        time.advance(Duration.ofMillis(100));
        last = pressure.sample(time.nanos());
      }
      assertThat(last.pressure()).isCloseTo(1.5, within(0.01));
      assertThat(last.shedFraction()).isPositive();
      assertThat(pressure.reading()).isSameAs(last);
      assertThat(last.signals()).containsOnlyKeys(Signal.CPU_USAGE, Signal.CPU_STALL);
    }
  }

  @Test
  void stallsHaveNoSayWhileProcessorsAreLeft() {
    try (Pressure pressure =
        Pressure.of(
            Map.of(
                Signal.CPU_USAGE, _ -> OptionalDouble.of(0.85),
                Signal.CPU_STALL, _ -> OptionalDouble.of(0.9)),
            time)) {
      for (int i = 0; i < 600; i++) {
        time.advance(Duration.ofMillis(100));
        assertThat(pressure.sample(time.nanos()).shedFraction()).isZero();
      }
    }
  }

  @Test
  void stallsDecideWhereUsageIsNotKnown() {
    try (Pressure pressure =
        Pressure.of(Map.of(Signal.CPU_STALL, _ -> OptionalDouble.of(0.9)), time)) {
      for (int i = 0; i < 11; i++) {
        pressure.sample(time.nanos());
        time.advance(Duration.ofMillis(100));
      }
      assertThat(pressure.reading().shedFraction()).isPositive();
    }
  }

  @Test
  void othersUseOfTheCpuShedsLittleButOurOwnHeapShedsAll() {
    assertThat(fractionAfterAMinute(Signal.CPU_USAGE, .1)).isCloseTo(.1, within(1e-9));
    assertThat(fractionAfterAMinute(Signal.START_DELAY, .1)).isCloseTo(.1, within(1e-9));
    assertThat(fractionAfterAMinute(Signal.CPU_USAGE, .5)).isGreaterThan(.9);
    assertThat(fractionAfterAMinute(Signal.HEAP, .1)).isGreaterThan(.9);
  }

  private double fractionAfterAMinute(Signal signal, double share) {
    try (Pressure pressure =
        Pressure.of(
            Map.of(signal, _ -> OptionalDouble.of(1.2 * signal.setPoint())),
            _ -> OptionalDouble.of(share),
            time)) {
      for (int i = 0; i < 600; i++) {
        time.advance(Duration.ofMillis(100));
        pressure.sample(time.nanos());
      }
      return pressure.reading().shedFraction();
    }
  }

  @Test
  void withoutAnySignalNothingIsShed() {
    try (Pressure pressure = Pressure.of(Map.of(), time)) {
      assertThat(pressure.sample(1).shedFraction()).isZero();
      assertThat(pressure.reading().signals()).isEmpty();
    }
  }

  @Test
  void aGivenAgeOfWhatWaitsAtTheSelectorsStaysInPlace() {
    try (Pressure pressure =
        Pressure.of(Map.of(Signal.ACCEPT_AGE, _ -> OptionalDouble.of(0)), time)) {
      pressure.watchSelectors(task -> {
        throw new AssertionError("asked although an age is given");
      });
      assertThat(pressure.sample(1).signals()).containsEntry(Signal.ACCEPT_AGE, 0.0);
    }
  }

  @Test
  void aProbeThatHasNotBegunCountsWithItsAge() {
    Deque<Runnable> tasks = new ArrayDeque<>();
    Lateness lateness = new Lateness(tasks::add, time);
    assertThat(lateness.read(time.nanos())).isEmpty();
    for (int i = 0; i < 100; i++) {
      lateness.probe();
      tasks.remove().run();
      time.advance(Duration.ofMillis(10));
    }
    assertThat(lateness.read(time.nanos())).hasValue(0);

    for (int i = 0; i < 10; i++) {
      lateness.probe();
      time.advance(Duration.ofMillis(10));
    }

    assertThat(lateness.read(time.nanos())).hasValueCloseTo(0.07, within(0.011));
  }

  @Test
  void noMoreThan32ProbesAreOnTheirWay() {
    Deque<Runnable> tasks = new ArrayDeque<>();
    Lateness lateness = new Lateness(tasks::add, time);
    for (int i = 0; i < 1000; i++) {
      lateness.probe();
    }
    assertThat(tasks).hasSize(32);
    time.advance(Duration.ofSeconds(1));
    assertThat(lateness.read(time.nanos())).hasValue(1);
    tasks.forEach(Runnable::run);
    lateness.probe();
    assertThat(tasks).hasSize(33);
  }
}
