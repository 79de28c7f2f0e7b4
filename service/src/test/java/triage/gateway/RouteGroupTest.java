package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RouteGroupTest {

  @ParameterizedTest
  @CsvSource({
    "GET, /v2/models/m, READS",
    "HEAD, /, READS",
    "GET, /v1/models, READS",
    "GET, /api/v1/analyses/7, READS",
    "GET, /api/v1/analyses/7/events?from=3, STREAMS",
    "GET, /api/v1/exports/7, STREAMS",
    "GET, /events, READS",
    "POST, /v2/models/m/infer, WRITES",
    "POST, /v1/embeddings, WRITES",
    "POST, /v1/chat/completions, STREAMS",
    "POST, /v1/completions, STREAMS",
    "DELETE, /api/v1/analyses/7, WRITES",
  })
  void tellsWhatIsLongFromWhatIsShort(String method, String target, RouteGroup group) {
    assertThat(RouteGroup.of(method, target)).isEqualTo(group);
  }
}
