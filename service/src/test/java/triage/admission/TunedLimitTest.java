package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class TunedLimitTest {
  private static final long MILLIS = 1_000_000;

  private final TunedLimit limit = new TunedLimit(1000);
  private long now;

  @Test
  void growsFromTwoWhereNothingQueues() {
    for (int i = 0; i < 8; i++) {
      round(100 * MILLIS, Long.MAX_VALUE, Ending.SERVED);
    }

    assertThat(limit.level()).isGreaterThan(200);
  }

  @Test
  void doesNotGrowBeyondWhatHalfOfTheirPatienceBears() {
    round(100 * MILLIS, 400 * MILLIS, Ending.SERVED);
    assertThat(limit.level()).isEqualTo(4);

    TunedLimit patient = new TunedLimit(1000);
    round(patient, 100 * MILLIS, 4000 * MILLIS, Ending.SERVED);
    assertThat(patient.level()).isEqualTo(8);
  }

  @Test
  void aServerThatMayStillWorkForNobodyIsGivenLess() {
    long first = limit.dispatched(1, 0, 100 * MILLIS, now);
    long second = limit.dispatched(2, 0, 100 * MILLIS, now);
    now += 100 * MILLIS;
    limit.ended(first, 0, 0, now, Ending.LATE_ANYWAY, now);
    limit.ended(second, 0, 0, now, Ending.LATE_ANYWAY, now);
    assertThat(limit.level()).isEqualTo(1);

    long third = limit.dispatched(1, 0, 100 * MILLIS, now);
    now += 50 * MILLIS;
    limit.ended(third, 0, now - 50 * MILLIS, 50 * MILLIS, Ending.SERVED, now);
    assertThat(limit.level()).isEqualTo(2);
  }

  @Test
  void brakesWhenManyEndTooLate() {
    for (int i = 0; i < 2; i++) {
      round(100 * MILLIS, Long.MAX_VALUE, Ending.SERVED);
    }
    double before = limit.centre();
    round(100 * MILLIS, Long.MAX_VALUE, Ending.LATE);

    assertThat(limit.centre()).isLessThan(.75 * before);
  }

  @Test
  void whatSaysNothingTeachesNothing() {
    for (int i = 0; i < 20; i++) {
      round(100 * MILLIS, Long.MAX_VALUE, Ending.SILENT);
    }
    assertThat(limit.level()).isEqualTo(2);
  }

  /// Fills the limit three times over, each as long as it takes.
  private void round(long heldNanos, long patienceNanos, Ending ending) {
    round(limit, heldNanos, patienceNanos, ending);
  }

  private void round(TunedLimit limit, long heldNanos, long patienceNanos, Ending ending) {
    for (int time = 0; time < 3; time++) {
      int level = limit.level();
      long[] phases = new long[level];
      for (int i = 0; i < level; i++) {
        phases[i] = limit.dispatched(i + 1, 0, patienceNanos, now);
      }
      long dispatched = now;
      now += heldNanos;
      for (int i = 0; i < level; i++) {
        limit.ended(phases[i], 0, dispatched, heldNanos, ending, now);
      }
    }
  }

  @Test
  void whoHasFarLessTimeThanOthersIsInAHurry() {
    for (int i = 0; i < 4; i++) {
      round(100 * MILLIS, 4000 * MILLIS, Ending.SERVED);
    }
    assertThat(limit.isHurried(900 * MILLIS)).isTrue();
    assertThat(limit.isHurried(1100 * MILLIS)).isFalse();
  }

  @Test
  void goesOnWithWhatItKnewAfterOthersHaveDecided() {
    for (int i = 0; i < 4; i++) {
      round(100 * MILLIS, Long.MAX_VALUE, Ending.SERVED);
    }
    int before = limit.level();
    for (int i = 0; i < before; i++) {
      // Never ends as far as it learns.
      limit.dispatched(i + 1, 0, Long.MAX_VALUE, now);
    }
    limit.resume(now);
    assertThat(limit.level()).isBetween(before / 2, 2 * before);
    for (int i = 0; i < 4; i++) {
      round(100 * MILLIS, Long.MAX_VALUE, Ending.SERVED);
    }
    assertThat(limit.level()).isGreaterThan(before / 2);
    assertThat(limit.centre()).isGreaterThan(before / 2.0);
  }
}
