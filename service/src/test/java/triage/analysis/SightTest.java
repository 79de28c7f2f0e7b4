package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class SightTest {
  private static final long SECOND = 1_000_000_000L;

  private final Sight sight = new Sight(Duration.ofSeconds(8));
  private long now = -3 * SECOND;

  @Test
  void believesTheFirstLookAndThoseThatFollowOneAnother() {
    for (int i = 0; i < 20; i++) {
      assertThat(look()).isTrue();
      now += SECOND;
    }
  }

  @Test
  void givesTheOthersALeaseAfterAnOutage() {
    look();
    now += 60 * SECOND;
    for (int i = 0; i < 8; i++) {
      assertThat(look()).as("after %d s", i).isFalse();
      now += SECOND;
    }
    assertThat(look()).isTrue();
  }

  @Test
  void beginsAnewWithEachLookThatFails() {
    look();
    for (int i = 0; i < 20; i++) {
      now += SECOND;
      // It ends with an exception.
      assertThat(sight.isSure(now)).isEqualTo(i < 4);
    }
    now += SECOND;
    assertThat(look()).isFalse();
    now += 7 * SECOND;
    assertThat(sight.isSure(now)).isFalse();
  }

  private boolean look() {
    boolean isSure = sight.isSure(now);
    sight.looked(now);
    return isSure;
  }
}
