package triage.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AmountsTest {

  @ParameterizedTest
  @ValueSource(strings = {"0s", "1ms", "1500ms", "90s", "5m", "90m", "25h", "7d", "366d"})
  void writesADurationAsItReadsIt(String text) {
    assertThat(Amounts.duration(text).map(Amounts::written)).contains(text);
  }

  @Test
  void writesTheLargestUnitThatNeedsNoFraction() {
    assertThat(Amounts.written(Duration.ofHours(48))).isEqualTo("2d");
    assertThat(Amounts.written(Duration.ofSeconds(3600))).isEqualTo("1h");
    assertThat(Amounts.written(Duration.ofNanos(1))).isEqualTo("PT0.000000001S");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "5",
        "s",
        "5 s",
        "-5s",
        "+5s",
        "5S",
        "5sec",
        "1h30m",
        "1.5s",
        "9999999999s",
        "PT",
        "P1Y",
        "PT-5S",
        "pt5s",
        "\u0665s"
      })
  void readsNothingElseAsADuration(String text) {
    assertThat(Amounts.duration(text)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "B", "-1", "1.5MiB", "16MB", "16mib", "16 MiB", "99999999999", "1TiB"})
  void readsNothingElseAsASize(String text) {
    assertThat(Amounts.bytes(text)).isEmpty();
  }
}
