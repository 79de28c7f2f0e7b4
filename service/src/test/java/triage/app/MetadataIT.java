package triage.app;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a model takes and gives, as its model servers tell: of two, one of which may not.
final class MetadataIT {
  private static final String DESCRIBED = "{\"name\":\"m\"}";
  private static final String OWN_WORDS = "{\"error\":\"ask later\"}";

  @TempDir static Path folder;

  private static ScriptedServer one;
  private static ScriptedServer two;
  private static HeldPort closed;
  private static RunningService service;

  @BeforeAll
  static void start() throws Exception {
    one = ScriptedServer.start();
    two = ScriptedServer.start();
    closed = new HeldPort();
    service =
        RunningService.start(
            folder,
            """
            models:
              single: {backends: [{url: "%1$s"}]}
              pair: {backends: [{url: "%1$s"}, {url: "%2$s"}]}
              halved: {backends: [{url: "http://127.0.0.1:%3$d"}, {url: "%2$s"}]}
              drained: {backends: [{url: "%1$s"}, {url: "%2$s"}]}
            """
                .formatted(one.url(), two.url(), closed.number()));
  }

  @AfterAll
  static void stop() throws Exception {
    service.close();
    one.close();
    two.close();
    closed.close();
  }

  @Test
  void comesFromAnotherBackendWhereOneCannotBeReached() throws Exception {
    two.follow(answering("200 OK", DESCRIBED));
    assertDescribed(service.get("/v2/models/halved"));
    assertThat(two.asked().head()).startsWith("GET /v2/models/halved ");
  }

  @Test
  void comesFromBackendsInRotationOnly() throws Exception {
    one.follow(answering("200 OK", "{}"));
    two.follow(answering("200 OK", DESCRIBED));
    service.drain("drained-0");
    assertDescribed(service.get("/v2/models/drained"));
    service.drain("drained-1");
    HttpResponse<String> none = service.get("/v2/models/drained");
    assertThat(none.statusCode()).isEqualTo(503);
    assertThat(none.headers().firstValue("Triage-Reason")).hasValue("no-backend");
    assertThat(one.wasAsked()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"302 Found", "401 No", "403 No", "404 No", "429 No", "500 No", "503 No"})
  void comesFromAnotherBackendWhereOneCannotTell(String status) throws Exception {
    one.follow(answering(status, OWN_WORDS));
    two.follow(answering("200 OK", DESCRIBED));
    assertDescribed(service.get("/v2/models/pair"));
    assertThat(one.wasAsked()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"302 Found", "401 No", "403 No", "404 No"})
  void aFaultOfTheModelServerIsNoneOfTheCallers(String status) {
    one.follow(answering(status, OWN_WORDS));
    HttpResponse<String> answer = service.get("/v2/models/single");
    assertThat(answer.statusCode()).isEqualTo(502);
    assertThat(answer.body()).contains("status " + status.substring(0, 3));
    assertThat(answer.headers().firstValue("WWW-Authenticate")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"400 No", "429 No", "500 No", "503 No"})
  void isRefusedInTheModelServersWordsWhereNobodyElseCanTell(String status) {
    one.follow(answering(status, OWN_WORDS));
    HttpResponse<String> answer = service.get("/v2/models/single");
    assertThat(answer.statusCode()).isEqualTo(Integer.parseInt(status.substring(0, 3)));
    assertThat(answer.body()).isEqualTo(OWN_WORDS);
  }

  private static ScriptedServer.Script answering(String status, String body) {
    return ScriptedServer.answering("HTTP/1.1 " + status + "\r\n", body.getBytes(US_ASCII));
  }

  private static void assertDescribed(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo(DESCRIBED);
  }
}
