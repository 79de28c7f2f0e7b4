package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import triage.admission.Criticality;

final class RequestHeadersTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "u=0 | CRITICAL_PLUS",
        "u=1, i | CRITICAL_PLUS",
        "i, u=2 | CRITICAL",
        "u=3 | CRITICAL",
        "u=5 | SHEDDABLE_PLUS",
        "u=7 | SHEDDABLE",
        "u=8 | CRITICAL",
        "u=-1 | CRITICAL",
        "urgent | CRITICAL",
        " | CRITICAL",
      })
  void readsTheUrgencyOrFallsBackToTheDefault(@Nullable String priority, Criticality expected) {
    assertThat(RequestHeaders.criticality(priority, Criticality.CRITICAL_PLUS)).isEqualTo(expected);
  }

  @Test
  void clampsToTheCeiling() {
    assertThat(RequestHeaders.criticality("u=0", Criticality.CRITICAL))
        .isEqualTo(Criticality.CRITICAL);
    assertThat(RequestHeaders.criticality("u=0", Criticality.SHEDDABLE))
        .isEqualTo(Criticality.SHEDDABLE);
    assertThat(RequestHeaders.criticality("u=7", Criticality.CRITICAL_PLUS))
        .isEqualTo(Criticality.SHEDDABLE);
  }

  @ParameterizedTest
  @CsvSource({
    "2, 2000",
    "2.5, 2500",
    "0.25, 250",
    "000000000000000000000001, 1000",
    "99999999999999999999999999999999, 60000",
    "61, 60000",
    "1.000000000000000001, 1000",
  })
  void readsSecondsAndCutsThemToTheMost(String header, long millis) throws RefusedException {
    assertThat(patience(header)).isEqualTo(Duration.ofMillis(millis));
  }

  @Test
  void takesTheDefaultWhereNothingIsSaid() throws RefusedException {
    assertThat(patience(null)).isEqualTo(Duration.ofSeconds(30));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "0", "0.0", "-1", "1e9", "NaN", "1.", ".5", "1,5", "٣", "0x10", "1 s"})
  void refusesWhatIsNoPositiveDecimalNumber(String header) {
    assertThatThrownBy(() -> patience(header))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("Request-Timeout must be seconds");
  }

  private static Duration patience(@Nullable String header) throws RefusedException {
    return RequestHeaders.patience(header, Duration.ofSeconds(30), Duration.ofMinutes(1));
  }
}
