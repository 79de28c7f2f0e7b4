package triage.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import triage.time.SettableTime;

class RowIdsTest {
  private static final Instant START = Instant.parse("2026-11-23T10:00:00Z");

  private final SettableTime time = new SettableTime(START);
  private final RowIds ids = new RowIds(time, new SplittableRandom(1));

  @Test
  void areOfVersionSevenAndShowTheTime() {
    UUID id = ids.next();
    assertThat(id.version()).isEqualTo(7);
    assertThat(id.variant()).isEqualTo(2);
    assertThat(id.getMostSignificantBits() >>> 16).isEqualTo(START.toEpochMilli());
  }

  @Test
  void onlyGrowAlsoWithinAMillisecondAndPastItsCount() {
    List<UUID> made = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      made.add(ids.next());
    }
    time.advance(Duration.ofMillis(1));
    made.add(ids.next());
    assertThat(made).doesNotHaveDuplicates().isSortedAccordingTo(UUID::compareTo);
  }

  @Test
  void onlyGrowWhenTheClockIsSetBack() {
    Instant[] now = {START};
    RowIds set = new RowIds(() -> now[0], new SplittableRandom(1));
    UUID before = set.next();
    now[0] = START.minusSeconds(3_600);
    assertThat(set.next()).isGreaterThan(before);
  }

  @Test
  void differBetweenInstances() {
    RowIds other = new RowIds(time, new SplittableRandom(2));
    assertThat(other.next().getLeastSignificantBits())
        .isNotEqualTo(ids.next().getLeastSignificantBits());
  }
}
