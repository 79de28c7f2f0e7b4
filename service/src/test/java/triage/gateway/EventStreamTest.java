package triage.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Objects;
import org.eclipse.jetty.http.HttpFields;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class EventStreamTest {
  private static final String ERROR =
      "data: {\"error\":{\"message\":\"the model server broke off in the middle of its answer; ask"
          + " again\",\"type\":\"server_error\",\"param\":null,\"code\":\"no-backend\"}}\n\n";

  @Test
  void isOneThatAnEventCanBeAddedTo() {
    assertThat(EventStream.of(fields("text/event-stream"))).isNotNull();
    assertThat(EventStream.of(fields("Text/Event-Stream; charset=utf-8"))).isNotNull();
    assertThat(EventStream.of(fields("application/json"))).isNull();
    assertThat(EventStream.of(HttpFields.EMPTY)).isNull();
    assertThat(
            EventStream.of(
                HttpFields.build(fields("text/event-stream")).put("Content-Encoding", "gzip")))
        .isNull();
    assertThat(
            EventStream.of(
                HttpFields.build(fields("text/event-stream")).put("Content-Length", "100")))
        .isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "data: a\\n\\n", "data: a\\r\\n\\r\\n", "data: a\\r\\r", "\\n\\n\\n"})
  void addsItsErrorBetweenEvents(String passed) {
    assertThat(errorAfter(passed, 100)).isEqualTo(ERROR);
    assertThat(errorAfter(passed, 1)).isEqualTo(ERROR);
  }

  @ParameterizedTest
  @CsvSource({"data: a", "data: a\\n", "data: a\\r\\n", "data: a\\r", "data: {\"x\":"})
  void endsAnEventThatWasBrokenOff(String passed) {
    assertThat(errorAfter(passed, 100)).isEqualTo("\n\n" + ERROR);
    assertThat(errorAfter(passed, 1)).isEqualTo("\n\n" + ERROR);
  }

  private static String errorAfter(String escaped, int step) {
    String passed = escaped.replace("\\n", "\n").replace("\\r", "\r");
    EventStream stream = Objects.requireNonNull(EventStream.of(fields("text/event-stream")));
    byte[] bytes = passed.getBytes(UTF_8);
    for (int at = 0; at < bytes.length; at += step) {
      ByteBuffer part = ByteBuffer.wrap(bytes, at, Math.min(step, bytes.length - at));
      stream.passed(part);
      assertThat(part.remaining()).isPositive();
    }
    return new String(stream.brokenOff(), UTF_8);
  }

  private static HttpFields fields(String type) {
    return HttpFields.build().put("Content-Type", type);
  }
}
