package triage.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import triage.admission.Reason;

final class DialectTest {
  private static final Refusal SHED = Refusal.of(Reason.SHED_PRIORITY, 2_000_000_000L);

  @ParameterizedTest
  @CsvSource({
    "/v2, OIP",
    "/v2/models/m/infer, OIP",
    "/v1/chat/completions, OPENAI",
    "/api/v1/analyses, NATIVE",
    "/v22/x, NATIVE",
    "/v1x, NATIVE",
    "/, NATIVE",
  })
  void isThatOfThePath(String path, Dialect expected) {
    assertThat(Dialect.of(path)).isEqualTo(expected);
  }

  @Test
  void saysErrorAsAStringToTheOpenInferenceProtocol() {
    assertThat(text(Dialect.OIP))
        .isEqualTo(
            "{\"error\":\"requests of higher criticality took the room; try again after"
                + " Retry-After\",\"reason\":\"shed-priority\"}");
    assertThat(Dialect.OIP.contentType()).isEqualTo("application/json");
  }

  @Test
  void saysErrorAsAnObjectToOpenAiClients() {
    assertThat(text(Dialect.OPENAI))
        .isEqualTo(
            "{\"error\":{\"message\":\"requests of higher criticality took the room; try again"
                + " after Retry-After\",\"type\":\"rate_limit_error\",\"param\":null,"
                + "\"code\":\"shed-priority\"}}");
  }

  @Test
  void saysProblemsToNativeCallers() {
    assertThat(text(Dialect.NATIVE))
        .isEqualTo(
            "{\"type\":\"about:blank\",\"title\":\"Too Many Requests\",\"status\":429,"
                + "\"detail\":\"requests of higher criticality took the room; try again after"
                + " Retry-After\",\"reason\":\"shed-priority\",\"retryAfterMs\":2000}");
    assertThat(Dialect.NATIVE.contentType()).isEqualTo("application/problem+json");
  }

  @Test
  void spreadsRetryAfterAboveTheEstimate() {
    RetryAfter retryAfter = new RetryAfter(1);
    Set<Long> shortest = new HashSet<>();
    for (int i = 0; i < 1000; i++) {
      assertThat(retryAfter.seconds(10_000_000_000L)).isBetween(10L, 15L);
      shortest.add(retryAfter.seconds(1));
      assertThat(retryAfter.seconds(Long.MAX_VALUE / 2)).isBetween(60L, 90L);
    }
    assertThat(shortest).containsExactlyInAnyOrder(1L, 2L);
  }

  private static String text(Dialect dialect) {
    return new String(dialect.body(SHED), UTF_8);
  }
}
