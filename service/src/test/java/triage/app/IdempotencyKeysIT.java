package triage.app;

import static org.assertj.core.api.Assertions.assertThat;
import static triage.app.RunningAnalyses.ANALYSES;
import static triage.app.RunningAnalyses.ASYNC;
import static triage.app.RunningAnalyses.analysis;
import static triage.app.RunningAnalyses.assertProblem;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Submissions under a key over a real port and a real store: answered once, and never done twice.
final class IdempotencyKeysIT extends AnalysesFixture {
  private static final ObjectMapper JSON = new ObjectMapper();

  @ParameterizedTest
  @CsvSource({"k-sync, ''", "k-async, respond-async", "k-defer, 'respond-async, wait=20'"})
  void givesTheFirstAnswerOnceMore(String key, String prefer) throws Exception {
    String body = analysis("breast-cancer", row);
    List<String> headers = List.of("Idempotency-Key", key, "Prefer", prefer);

    HttpResponse<String> first = analyses.send("tester", ANALYSES, body, headers);
    assertThat(first.statusCode()).as(first.body()).isLessThan(300);
    analyses.ended(first);
    HttpResponse<String> again = analyses.send("tester", ANALYSES, body, headers);

    assertThat(again.statusCode()).isEqualTo(first.statusCode());
    assertThat(again.body()).isEqualTo(first.body());
    assertThat(again.headers().firstValue("Location"))
        .isEqualTo(first.headers().firstValue("Location"));
    assertThat(service.count("SELECT count(*) FROM jobs WHERE idempotency_key = '" + key + "'"))
        .isEqualTo(1);
    HttpResponse<String> other = analyses.send("tester", ANALYSES, body + " ", headers);
    assertThat(other.statusCode()).isEqualTo(422);
    assertThat(other.headers().firstValue("Triage-Reason")).hasValue("idempotency-mismatch");
    assertDocumented(other);
    // A key is its caller's own.
    assertThat(analyses.send("somebody", ANALYSES, body, headers).body())
        .isNotEqualTo(first.body());
  }

  @Test
  void letsTheKeyGoWhenItsTimeIsOver() {
    String body = analysis("breast-cancer", row);
    List<String> headers = List.of("Idempotency-Key", "aged");
    HttpResponse<String> first = analyses.send("tester", ANALYSES, body, headers);
    age("aged");

    HttpResponse<String> second = analyses.send("tester", ANALYSES, body + " ", headers);
    assertThat(second.statusCode()).as(second.body()).isEqualTo(200);
    assertThat(second.body()).isNotEqualTo(first.body());
    assertThat(analyses.send("tester", ANALYSES, body + " ", headers).body())
        .isEqualTo(second.body());
  }

  @Test
  void keepsTheKeyOfAJobThatHasNotEnded() throws Exception {
    String body = analysis("python", row);
    List<String> headers = List.of("Idempotency-Key", "waits", "Prefer", ASYNC);
    HttpResponse<String> first = analyses.send("tester", ANALYSES, body, headers);
    assertThat(first.statusCode()).isEqualTo(202);
    age("waits");

    HttpResponse<String> again = analyses.send("tester", ANALYSES, body, headers);
    assertThat(again.body()).isEqualTo(first.body());
    server.release(2);
    assertThat(analyses.ended(first).body()).isEqualTo(analyses.ended(again).body());
    // Its time begins with the job's end: who comes back then finds what was done.
    assertThat(analyses.send("tester", ANALYSES, body, headers).body()).isEqualTo(first.body());
    age("waits");
    assertThat(analyses.send("tester", ANALYSES, body, headers).body()).isNotEqualTo(first.body());
  }

  /// Moves a job and what has become of it into the past.
  private static void age(String key) {
    service.execute(
        "UPDATE jobs SET created_at = created_at - interval '40 d',"
            + " finished_at = finished_at - interval '40 d' WHERE idempotency_key = '"
            + key
            + "'");
  }

  @Test
  void saysThatTheFirstIsStillRunning() throws Exception {
    String body = analysis("python", row);
    List<String> headers = List.of("Idempotency-Key", "running");
    CompletableFuture<HttpResponse<String>> first =
        CompletableFuture.supplyAsync(() -> analyses.send("tester", ANALYSES, body, headers));
    RunningService.await("asked", () -> !server.asked().isEmpty() && attached() == 1);

    HttpResponse<String> second = analyses.send("tester", ANALYSES, body, headers);
    assertThat(second.statusCode()).isEqualTo(409);
    assertThat(second.headers().firstValue("Triage-Reason")).hasValue("idempotency-running");
    assertDocumented(second);
    assertThat(second.headers().firstValue("Retry-After")).isPresent();

    server.release(1);
    assertThat(first.join().statusCode()).isEqualTo(200);
    assertThat(analyses.send("tester", ANALYSES, body, headers).body())
        .isEqualTo(first.join().body());
  }

  @Test
  void givesTheAnswerThatTheFirstRequestDiedBeforeItGave() throws Exception {
    String body = analysis("python", row);
    List<String> headers = List.of("Idempotency-Key", "orphan", "Prefer", ASYNC);
    HttpResponse<String> first = analyses.send("tester", ANALYSES, body, headers);
    orphan("orphan", "now() + interval '1 h'");
    assertThat(analyses.send("tester", ANALYSES, body, headers).statusCode()).isEqualTo(409);

    HttpResponse<String> job = analyses.ended(analyses.released(first));
    orphan("orphan", "now() - interval '1 s'");
    HttpResponse<String> again = analyses.send("tester", ANALYSES, body, headers);
    assertThat(again.statusCode()).as(again.body()).isEqualTo(200);
    assertThat(again.body()).isEqualTo(job.body());
    assertThat(analyses.send("tester", ANALYSES, body, headers).body()).isEqualTo(job.body());
    assertThat(service.count("SELECT count(*) FROM jobs WHERE idempotency_key = 'orphan'")).isOne();
  }

  @Test
  void keepsToWhatItSaidInPlaceOfAFirstRequestThatDied() throws Exception {
    String body = analysis("python", row);
    List<String> headers = List.of("Idempotency-Key", "orphan-waits", "Prefer", ASYNC);
    HttpResponse<String> first = analyses.send("tester", ANALYSES, body, headers);
    orphan("orphan-waits", "now() - interval '1 s'");
    HttpResponse<String> again = analyses.send("tester", ANALYSES, body, headers);
    assertThat(again.statusCode()).isEqualTo(202);
    assertThat(again.body()).isEqualTo(first.body());

    analyses.ended(analyses.released(first));
    HttpResponse<String> late = analyses.send("tester", ANALYSES, body, headers);
    assertThat(late.statusCode()).as(late.body()).isEqualTo(202);
    assertThat(late.body()).isEqualTo(first.body());
  }

  /// Leaves a row as an instance does that dies between the store and the answer.
  ///
  /// @param until when the first request may still be giving it
  private static void orphan(String key, String until) {
    service.execute(
        "UPDATE jobs SET answered = NULL, answer_by = %s WHERE idempotency_key = '%s'"
            .formatted(until, key));
  }

  @Test
  void letsTheKeyGoWhenThereIsNoAnswer() {
    String body = analysis("python", row);

    HttpResponse<String> late =
        analyses.send(
            "tester", ANALYSES, body, List.of("Idempotency-Key", "late", "Request-Timeout", "0.3"));
    assertThat(late.statusCode()).isEqualTo(504);
    assertThat(late.headers().firstValue("Triage-Reason")).hasValue("deadline-exceeded");
    assertThat(late.headers().firstValue("Content-Type")).hasValue("application/problem+json");
    assertThat(service.count("SELECT count(*) FROM jobs WHERE idempotency_key = 'late'")).isZero();

    server.release(2);
    assertThat(
            analyses
                .send("tester", ANALYSES, body, List.of("Idempotency-Key", "late"))
                .statusCode())
        .isEqualTo(200);
  }

  @Test
  void letsTheKeyGoWhenTheCallerDoes() throws Exception {
    String body = analysis("python", row);
    try (Socket socket = new Socket("127.0.0.1", service.port("application"))) {
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      String head =
          "POST "
              + ANALYSES
              + " HTTP/1.1\r\nHost: t\r\nIdempotency-Key: gone\r\nAuthorization: Bearer "
              + service.token()
              + "\r\nContent-Length: "
              + bytes.length
              + "\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(StandardCharsets.UTF_8));
      socket.getOutputStream().write(bytes);
      socket.getOutputStream().flush();
      RunningService.await("attached", () -> attached() == 1);
    }

    RunningService.await("released", () -> attached() == 0);
    assertThat(service.count("SELECT count(*) FROM jobs WHERE idempotency_key = 'gone'")).isZero();
  }

  @Test
  void settlesTheFirstAnswerWhenTheCallerOfADeferralGoes() throws Exception {
    String body = analysis("python", row);
    try (Socket socket = new Socket("127.0.0.1", service.port("application"))) {
      analyses.send(
          socket,
          "POST "
              + ANALYSES
              + " HTTP/1.1\r\nPrefer: respond-async, wait=60\r\nIdempotency-Key: left\r\n",
          body);
      RunningService.await("asked", () -> server.underWay() == 1);
      assertThat(answered("left")).isEqualTo(0);
    }

    RunningService.await("settled", () -> answered("left") == 202);
    HttpResponse<String> again =
        analyses.send("tester", ANALYSES, body, List.of("Idempotency-Key", "left"));
    assertThat(again.statusCode()).isEqualTo(202);
    server.release(1);
    assertThat(JSON.readTree(analyses.ended(again).body()).at("/state").textValue())
        .isEqualTo("done");
  }

  private static long answered(String key) {
    return service.count(
        "SELECT coalesce(max(answered), 0) FROM jobs WHERE idempotency_key = '" + key + "'");
  }

  @Test
  void keepsWhatTheModelRefused() throws Exception {
    server.answerWith(422);
    server.release(2);
    List<String> headers = List.of("Idempotency-Key", "refused");
    String body = analysis("python", row);

    HttpResponse<String> refused = analyses.send("tester", ANALYSES, body, headers);
    assertThat(refused.statusCode()).isEqualTo(422);
    assertThat(refused.headers().firstValue("Triage-Reason")).hasValue("backend-refused");
    assertThat(JSON.readTree(refused.body()).at("/job/state").textValue()).isEqualTo("failed");
    assertThat(analyses.send("tester", ANALYSES, body, headers).body()).isEqualTo(refused.body());

    JsonNode job =
        JSON.readTree(analyses.ended(service.post(ANALYSES, body, "Prefer", ASYNC)).body());
    assertThat(job.at("/state").textValue()).isEqualTo("failed");
    assertThat(job.at("/status").intValue()).isEqualTo(422);
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403, 404, 408})
  void keepsNoFaultOfTheBackendUnderTheKey(int status) {
    String body = analysis("python", row);
    List<String> headers = List.of("Idempotency-Key", "fault-" + status);
    server.answerWith(status);
    server.release(2);
    assertProblem(analyses.send("tester", ANALYSES, body, headers), 502, "status " + status);

    server.answerWith(200);
    assertThat(analyses.send("tester", ANALYSES, body, headers).statusCode()).isEqualTo(200);
  }

  private static void assertDocumented(HttpResponse<String> answer) throws Exception {
    JsonNode document = JSON.readTree(service.get("/openapi.json").body());
    JsonNode responses = document.at("/paths/~1api~1v1~1analyses/post/responses");
    assertThat(responses.has(String.valueOf(answer.statusCode()))).isTrue();
    assertThat(document.at("/components/schemas/AnalysisReason/anyOf/1/enum"))
        .contains(JSON.readTree(answer.body()).get("reason"));
  }

  private static long attached() {
    return service.count("SELECT count(*) FROM jobs WHERE state = 'attached'");
  }
}
