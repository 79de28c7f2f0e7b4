package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RetryAfterTest {
  @ParameterizedTest
  @CsvSource({
    "-1, 1, 2",
    "0, 1, 2",
    "1, 1, 2",
    "1000000001, 2, 3",
    "60000000000, 60, 90",
    "9223372036854775807, 60, 90"
  })
  void isTheEstimateRoundedUpAndUpToHalfOfItMore(long nanos, long from, long to) {
    RetryAfter retryAfter = new RetryAfter(7);
    for (int i = 0; i < 100; i++) {
      assertThat(retryAfter.seconds(nanos)).isBetween(from, to);
    }
  }
}
