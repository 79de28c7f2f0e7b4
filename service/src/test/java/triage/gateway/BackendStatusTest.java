package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.eclipse.jetty.http.HttpFields;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import triage.time.SettableTime;

final class BackendStatusTest {
  private SettableTime time = new SettableTime(Instant.EPOCH);

  @ParameterizedTest
  @CsvSource({"0, 0", "7, 7", "007, 7", "999999999, 999999999"})
  void readsSecondsAsTheyAre(String value, long seconds) {
    assertThat(retryAfter(value, null)).isEqualTo(Duration.ofSeconds(seconds));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Sun, 06 Nov 1994 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"})
  void readsADateByTheClockHereWhereTheAnswerHasNone(String date) {
    time = new SettableTime(Instant.parse("1994-11-06T08:49:30Z"));
    assertThat(retryAfter(date, null)).isEqualTo(Duration.ofSeconds(7));
    time.advance(Duration.ofSeconds(6));
    assertThat(retryAfter(date, null)).isEqualTo(Duration.ofSeconds(1));
    time.advance(Duration.ofSeconds(2));
    assertThat(retryAfter(date, null)).isEqualTo(Duration.ZERO);
  }

  @Test
  void readsADateByTheClockOfTheServerThatGaveIt() {
    time = new SettableTime(Instant.parse("2031-01-01T00:00:00Z"));
    assertThat(retryAfter("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:00 GMT"))
        .isEqualTo(Duration.ofSeconds(37));
    assertThat(retryAfter("Sun, 06 Nov 1994 08:49:37 GMT", "today")).isEqualTo(Duration.ZERO);
  }

  @Test
  void boundsADateThatIsFarAway() {
    assertThat(retryAfter("Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"))
        .isEqualTo(Duration.ofSeconds(999_999_999));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-1",
        "1.5",
        "1234567890",
        "soon",
        "Sun, 06 Nov",
        "Sun, 99 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT, and so on and on"
      })
  void takesWhatCannotBeReadAsAbsent(String value) {
    assertThat(retryAfter(value, null)).isEqualTo(Duration.ZERO);
  }

  @ParameterizedTest
  @CsvSource({
    "200, false, false",
    "400, false, false",
    "413, false, false",
    "422, false, false",
    "429, false, false",
    "501, false, false",
    "503, false, false",
    "301, true, false",
    "403, true, false",
    "404, true, false",
    "405, true, false",
    "408, true, false",
    "425, true, false",
    "401, true, true",
    "407, true, true",
    "500, true, true",
    "502, true, true"
  })
  void isAFailureWhereItSaysNothingOfTheContent(int status, boolean known, boolean unknown) {
    assertThat(BackendStatus.isFailure(status, true)).isEqualTo(known);
    assertThat(BackendStatus.isFailure(status, false)).isEqualTo(unknown);
  }

  @Test
  void isZeroWhereNothingIsSaid() {
    assertThat(BackendStatus.retryAfterNanos(HttpFields.EMPTY, InstantSource.system())).isZero();
  }

  private Duration retryAfter(String value, String date) {
    HttpFields.Mutable answer = HttpFields.build().put("Retry-After", value);
    if (date != null) {
      answer.put("Date", date);
    }
    return Duration.ofNanos(BackendStatus.retryAfterNanos(answer, time));
  }
}
