package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The front door's threshold, with arrivals in even steps of 100 ms.
final class DoorThresholdTest {
  private static final long TICK = 100_000_000L;
  private static final long HOUR = 490_000;

  private final DoorThreshold threshold = new DoorThreshold();
  private final Map<DoorClass, int[]> seen = new EnumMap<>(DoorClass.class);
  private long now = Long.MAX_VALUE - 5 * TICK;

  @Test
  void letsEverybodyPassWhileNothingIsToBeShed() {
    for (DoorClass kind : DoorClass.values()) {
      arrive(kind, 100, 50);
    }
    run(20, 0);
    assertThat(seen.values()).allSatisfy(counts -> assertThat(counts[1]).isZero());
    assertThat(threshold.isOpen()).isTrue();
  }

  @Test
  void shedsWhatIsLessCriticalFirst() {
    offerEvenly(0.5);
    assertThat(shedPart(DoorClass.UNVERIFIED)).isGreaterThan(0.75);
    assertThat(shedPart(DoorClass.SHEDDABLE)).isGreaterThan(0.95);
    assertThat(shedPart(DoorClass.SHEDDABLE_PLUS)).isBetween(0.3, 0.6);
    assertThat(shedPart(DoorClass.CRITICAL)).isZero();
    assertThat(shedPart(DoorClass.CRITICAL_PLUS)).isZero();
  }

  @ParameterizedTest(name = "a fraction of {0}")
  @ValueSource(doubles = {0.02, 0.1, 0.3, 0.5, 0.8, 0.95})
  void shedsTheFractionOfASingleCallersSingleClass(double fraction) {
    for (int tick = 0; tick < 50; tick++) {
      arrive(DoorClass.CRITICAL, 100, 1);
      regulate(fraction);
      if (tick == 20) {
        seen.clear();
      }
    }
    assertThat(shedPart(DoorClass.CRITICAL)).isCloseTo(fraction, within(0.02));
  }

  @Test
  void criticalPlusKeepsItsReservedShareHoweverMuchIsToBeShed() {
    for (int tick = 0; tick < 50; tick++) {
      arrive(DoorClass.CRITICAL_PLUS, 60, 7);
      arrive(DoorClass.SHEDDABLE, 40, 7);
      regulate(0.98);
    }
    assertThat(shedPart(DoorClass.CRITICAL_PLUS)).isZero();
    assertThat(shedPart(DoorClass.SHEDDABLE)).isGreaterThan(0.9);
  }

  @Test
  void criticalPlusIsShedWhereItExceedsTwoThirdsOfAllArrivals() {
    for (int tick = 0; tick < 50; tick++) {
      arrive(DoorClass.CRITICAL_PLUS, 100, 50);
      regulate(0.98);
      if (tick == 20) {
        seen.clear();
      }
    }
    assertThat(shedPart(DoorClass.CRITICAL_PLUS)).isCloseTo(0.33, within(0.03));
  }

  @Test
  void tenArrivalsASecondAreNeverTooMany() {
    for (int tick = 0; tick < 50; tick++) {
      arrive(DoorClass.SHEDDABLE, 1, 1);
      regulate(0.98);
    }
    assertThat(shedPart(DoorClass.SHEDDABLE)).isLessThan(0.1);
  }

  @Test
  void aFloodOfUnknownTokensCostsTheKnownNothing() {
    for (int tick = 0; tick < 50; tick++) {
      arrive(DoorClass.UNVERIFIED, 900, 900);
      arrive(DoorClass.SHEDDABLE, 100, 20);
      regulate(0.7);
    }
    assertThat(shedPart(DoorClass.SHEDDABLE)).isZero();
    assertThat(shedPart(DoorClass.UNVERIFIED)).isGreaterThan(0.7);
  }

  @Test
  void someOfTheUnverifiedPassInAnyCase() {
    for (int tick = 0; tick < 20; tick++) {
      arrive(DoorClass.UNVERIFIED, 500, 1);
      arrive(DoorClass.CRITICAL, 500, 20);
      regulate(0.9);
      if (tick == 10) {
        seen.clear();
      }
    }
    int[] counts = seen.get(DoorClass.UNVERIFIED);
    assertThat(counts[0] - counts[1]).isEqualTo(9 * 20);
  }

  @Test
  void aCallerKeepsItsCohortForAnHour() {
    Set<Integer> cohorts = new HashSet<>();
    for (int hour = 0; hour < 100; hour++) {
      int cohort = DoorThreshold.cohort("epro".hashCode(), hour);
      assertThat(cohort).isBetween(0, DoorThreshold.COHORTS - 1);
      cohorts.add(cohort);
    }
    assertThat(cohorts).hasSizeGreaterThan(40);
  }

  @Test
  void callersSpreadEvenlyOverTheCohorts() {
    int[] callers = new int[DoorThreshold.COHORTS];
    for (int i = 0; i < 128_000; i++) {
      callers[DoorThreshold.cohort(("site-" + i).hashCode(), 17)]++;
    }
    assertThat(callers)
        .satisfies(counts -> {
          for (int count : counts) {
            assertThat(count).isBetween(800, 1200);
          }
        });
  }

  @Test
  void whoIsRefusedIsNotLetInAndRefusedAgainWithinASecond() {
    int callers = 64;
    int[] refusedBefore = new int[callers];
    int[] shedSince = new int[callers];
    int flips = 0;
    int boundary = DoorThreshold.LEVELS;
    for (int tick = 0; tick < 400; tick++) {
      // The fraction swings wildly.
      double fraction = tick % 4 < 2 ? 0.6 : 0.2;
      for (int caller = 0; caller < callers; caller++) {
        int refused = 0;
        for (int i = 0; i < 4; i++) {
          refused += threshold.admits(DoorClass.SHEDDABLE, caller * 7919) ? 0 : 1;
        }
        if (refused == 4 && refusedBefore[caller] < 4) {
          shedSince[caller] = tick;
        } else if (refused == 0 && refusedBefore[caller] == 4) {
          int level =
              DoorClass.SHEDDABLE.rank() * DoorThreshold.COHORTS
                  + DoorThreshold.cohort(caller * 7919, (int) HOUR);
          if (level != boundary) {
            assertThat(tick - shedSince[caller]).as("ticks").isGreaterThanOrEqualTo(10);
            flips++;
          }
        }
        refusedBefore[caller] = refused;
      }
      boundary = threshold.boundary();
      regulate(fraction);
    }
    assertThat(flips).isPositive();
  }

  private void offerEvenly(double fraction) {
    for (int tick = 0; tick < 50; tick++) {
      for (DoorClass kind : DoorClass.values()) {
        arrive(kind, 100, 50);
      }
      regulate(fraction);
      if (tick == 20) {
        seen.clear();
      }
    }
  }

  private void run(int ticks, double fraction) {
    for (int tick = 0; tick < ticks; tick++) {
      regulate(fraction);
    }
  }

  private void regulate(double fraction) {
    now += TICK;
    threshold.regulate(fraction, HOUR, now);
  }

  private void arrive(DoorClass kind, int requests, int callers) {
    int[] counts = seen.computeIfAbsent(kind, _ -> new int[2]);
    for (int i = 0; i < requests; i++) {
      counts[0]++;
      if (!threshold.admits(kind, ("caller-" + i % callers).hashCode())) {
        counts[1]++;
      }
    }
  }

  private double shedPart(DoorClass kind) {
    int[] counts = seen.get(kind);
    return (double) counts[1] / counts[0];
  }
}
