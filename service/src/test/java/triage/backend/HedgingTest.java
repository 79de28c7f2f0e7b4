package triage.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class HedgingTest {
  private static final long MILLIS = 1_000_000L;

  private final Hedging hedging = new Hedging(HedgeSettings.of(null, null));

  @Test
  void waitsForTheNinetyFifthOfAHundred() {
    // 100 of 256 are not a multiple of 16: the last look was at 96.
    for (int i = 1; i <= 96; i++) {
      hedging.began((i * 37 % 96 + 1) * 100 * MILLIS);
    }
    assertThat(hedging.delayNanos()).isEqualTo(92 * 100 * MILLIS);
  }

  @Test
  void neverWaitsLessThanTheLeast() {
    began(64, 1000);
    assertThat(hedging.delayNanos()).isEqualTo(10 * MILLIS);
  }

  @Test
  void hedgesNothingBeforeEnoughIsKnown() {
    began(31, MILLIS);
    assertThat(hedging.delayNanos()).isEqualTo(Hedging.NEVER);
    began(1, MILLIS);
    assertThat(hedging.delayNanos()).isEqualTo(10 * MILLIS);
  }

  @Test
  void forgetsWhatIsLongAgo() {
    began(256, 500 * MILLIS);
    assertThat(hedging.delayNanos()).isEqualTo(500 * MILLIS);
    began(256, 20 * MILLIS);
    assertThat(hedging.delayNanos()).isEqualTo(20 * MILLIS);
  }

  @Test
  void hedgesNothingWhereItIsNotSet() {
    Hedging none = new Hedging(null);
    for (int i = 0; i < 1000; i++) {
      none.began(MILLIS);
    }
    assertThat(none.delayNanos()).isEqualTo(Hedging.NEVER);
  }

  @Test
  void settingsSayWhichValueIsWrong() {
    assertThatThrownBy(() -> HedgeSettings.of(0.2, null)).hasMessageContaining("quantile: 0.2");
    assertThatThrownBy(() -> HedgeSettings.of(null, Duration.ZERO)).hasMessageContaining("least:");
  }

  private void began(int times, long nanos) {
    for (int i = 0; i < times; i++) {
      hedging.began(nanos);
    }
  }
}
