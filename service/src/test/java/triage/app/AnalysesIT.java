package triage.app;

import static org.assertj.core.api.Assertions.assertThat;
import static triage.app.RunningAnalyses.ANALYSES;
import static triage.app.RunningAnalyses.ASYNC;
import static triage.app.RunningAnalyses.analysis;
import static triage.app.RunningAnalyses.assertProblem;
import static triage.app.RunningAnalyses.caller;
import static triage.app.RunningAnalyses.hour;
import static triage.app.RunningAnalyses.id;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;
import triage.Received;
import triage.admission.Criticality;
import triage.identity.Caller;

/// Analyses over a real port and a real store: at once, and later.
final class AnalysesIT extends AnalysesFixture {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void answersAtOnceAndKeepsWhatItAnswered() throws Exception {
    HttpResponse<String> answer = service.post(ANALYSES, analysis("breast-cancer", row));

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Triage-Backend")).hasValue("breast-cancer-0");
    JsonNode job = JSON.readTree(answer.body());
    assertThat(job.at("/state").textValue()).isEqualTo("done");
    assertThat(job.at("/version").textValue()).isEqualTo("1");
    assertThat(job.at("/subject").textValue()).isEqualTo("007");
    assertThat(job.at("/result/outputs/0/data/0").doubleValue()).isGreaterThan(0.9);
    String location = answer.headers().firstValue("Location").orElseThrow();
    assertThat(location).isEqualTo("/api/v1/jobs/" + job.at("/id").textValue());
    assertThat(service.get(location).body()).isEqualTo(answer.body());
    assertThat(
            service.count(
                "SELECT count(*) FROM audit_exchange WHERE verdict = 'served' AND status = 200"))
        .isPositive();
  }

  @Test
  void acceptsAndAnswersLater() throws Exception {
    HttpResponse<String> accepted =
        service.post(ANALYSES, analysis("breast-cancer", row), "Prefer", ASYNC);

    assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(202);
    assertThat(accepted.headers().firstValue("Preference-Applied")).hasValue(ASYNC);
    JsonNode job = JSON.readTree(analyses.ended(accepted).body());
    assertThat(job.at("/state").textValue()).isEqualTo("done");
    assertThat(job.at("/attempts").intValue()).isEqualTo(1);
    assertThat(job.at("/result/outputs/0/data")).hasSize(2);
  }

  @Test
  void showsNoJobBeforeItsInferenceIsOnRecord() throws Exception {
    for (int i = 0; i < 5; i++) {
      String body = analysis("breast-cancer", row);
      String job = id(analyses.ended(service.post(ANALYSES, body, "Prefer", ASYNC)));
      assertThat(
              service.count(
                  "SELECT count(*) FROM jobs WHERE id = '%s' AND changed::text::bigint >"
                          .formatted(job)
                      + " (SELECT max(xmin::text::bigint) FROM audit_exchange)"))
          .as("the transaction of the job's end is a later one, job %d", i)
          .isOne();
    }
  }

  @Test
  void saysWhenToAskForWhatWasAccepted() {
    List<String> headers = List.of("Prefer", ASYNC, "Idempotency-Key", "ask");
    String body = analysis("python", row);
    server.release(2);

    for (HttpResponse<String> accepted :
        List.of(
            analyses.send("tester", ANALYSES, body, headers),
            analyses.send("tester", ANALYSES, body, headers),
            service.post("/v2/models/python/infer", row, "Prefer", ASYNC))) {
      assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(202);
      assertThat(accepted.headers().firstValueAsLong("Retry-After").orElseThrow())
          .isBetween(1L, 90L);
      analyses.ended(accepted);
    }
  }

  @Test
  void readsNoMoreForLaterThanIsKept() throws Exception {
    try (Socket socket = new Socket("127.0.0.1", service.port("application"))) {
      String head =
          "POST /v2/models/python/infer HTTP/1.1\r\nHost: t\r\nPrefer: respond-async\r\n"
              + "Content-Length: 1048577\r\nAuthorization: Bearer "
              + service.token()
              + "\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(StandardCharsets.UTF_8));
      socket.getOutputStream().flush();

      // Nothing of the body has been sent, and nothing of it is waited for.
      assertThat(new String(socket.getInputStream().readNBytes(12), StandardCharsets.UTF_8))
          .isEqualTo("HTTP/1.1 413");
    }
  }

  @Test
  void leavesTheLargestResultsOutWhereAllAreTooLarge() throws Exception {
    String ids = "";
    for (int i = 0; i < 3; i++) {
      HttpResponse<String> answer = service.post(ANALYSES, analysis("breast-cancer", row));
      ids += (i == 0 ? "\"" : ",\"") + JSON.readTree(answer.body()).at("/id").textValue() + "\"";
    }
    String largest = ids.substring(1, 37);
    service.execute(
        "UPDATE jobs SET result = convert_to('\"' || repeat('x', 3000000) || '\"', 'UTF8')"
            + " WHERE id IN ("
            + ids.replace('"', '\'')
            + ")");
    service.execute(
        "UPDATE jobs SET result = convert_to('\"' || repeat('x', 4100000) || '\"', 'UTF8')"
            + " WHERE id = '"
            + largest
            + "'");

    HttpResponse<String> found = service.post("/api/v1/jobs:query", "{\"ids\":[" + ids + "]}");
    assertThat(found.statusCode()).isEqualTo(200);
    assertThat(found.body().length()).isBetween(3_000_000, 3_010_000);
    int whole = 0;
    for (JsonNode job : JSON.readTree(found.body()).at("/jobs")) {
      String path = "/api/v1/jobs/" + job.at("/id").textValue();
      if (job.has("result")) {
        whole++;
        assertThat(job.has("location")).isFalse();
      } else {
        assertThat(job.at("/location").textValue()).isEqualTo(path);
        assertThat(service.get(path).body().length()).isGreaterThan(3_000_000);
      }
    }
    assertThat(whole).isOne();
  }

  @Test
  void keepsSoMuchInMemoryOfWhatIsNotRead() throws Exception {
    String job =
        id(analyses.ended(service.post(ANALYSES, analysis("breast-cancer", row), "Prefer", ASYNC)));
    String path = "/api/v1/jobs/" + job;
    service.execute(
        "UPDATE jobs SET result = convert_to('\"' || repeat('x', 15000000) || '\"', 'UTF8')"
            + " WHERE id = '"
            + job
            + "'");
    List<Socket> unread = unread(path);

    assertThat(service.get(path).statusCode()).isEqualTo(429);
    unread.getFirst().close();
    RunningService.await("room again", () -> service.get(path).statusCode() == 200);
    for (Socket socket : unread) {
      socket.close();
    }
    service.execute("UPDATE jobs SET result = NULL WHERE id = '" + job + "'");
  }

  @Test
  void givesNoLargeAnswerOnceMoreOrInTimeWithoutRoomForIt() throws Exception {
    String body = analysis("python", row);
    List<String> key = List.of("Idempotency-Key", "large");
    List<String> wait = List.of("Prefer", "respond-async, wait=20");
    String infer = "/v2/models/python/infer";
    server.answerWithMore(15_000_000);
    server.release(5);
    HttpResponse<String> first = analyses.send("tester", ANALYSES, body, key);
    assertThat(first.statusCode()).isEqualTo(200);
    List<Socket> unread = unread(first.headers().firstValue("Location").orElseThrow());

    HttpResponse<String> again = analyses.send("tester", ANALYSES, body, key);
    assertThat(again.statusCode()).isEqualTo(429);
    assertThat(again.headers().firstValue("Triage-Reason")).hasValue("quota");
    assertThat(again.headers().firstValue("Retry-After")).isPresent();
    List<String> keyAndWait = List.of("Idempotency-Key", "later", "Prefer", wait.getLast());
    HttpResponse<String> later = analyses.send("tester", ANALYSES, body, keyAndWait);
    HttpResponse<String> inference = analyses.send("tester", infer, row, wait);
    assertThat(List.of(later.statusCode(), inference.statusCode())).containsExactly(202, 202);
    // What a model was asked for at once is done for nobody if it is not given.
    assertThat(service.post(ANALYSES, body).statusCode()).isEqualTo(200);

    for (Socket socket : unread) {
      socket.close();
    }
    RunningService.await(
        "room again",
        () -> analyses.send("tester", ANALYSES, body, key).body().equals(first.body()));
    assertThat(analyses.ended(later).body()).contains("xxx");
    assertThat(analyses.send("tester", ANALYSES, body, keyAndWait).body()).isEqualTo(later.body());
    assertThat(analyses.send("tester", infer, row, wait).statusCode()).isEqualTo(200);
    service.execute("UPDATE jobs SET result = NULL WHERE octet_length(result) > 1000000");
  }

  /// Asks for a large answer and reads nothing of it, until there is no room for one more.
  private static List<Socket> unread(String path) throws Exception {
    List<Socket> unread = new ArrayList<>();
    String answer;
    do {
      Socket socket = new Socket("127.0.0.1", service.port("application"));
      unread.add(socket);
      analyses.send(socket, "GET " + path + " HTTP/1.1\r\n", "");
      answer = Received.until(socket.getInputStream(), "\r\n\r\n");
    } while (answer.startsWith("HTTP/1.1 200 ") && unread.size() < 100);

    assertThat(answer).startsWith("HTTP/1.1 429 ").contains("Triage-Reason: quota");
    return unread;
  }

  @Test
  void logsNoErrorWhereACallerHangsUpOnALargeAnswer() throws Exception {
    server.answerWithMore(15_000_000);
    server.release(1);
    String path =
        service
            .post(ANALYSES, analysis("python", row))
            .headers()
            .firstValue("Location")
            .orElseThrow();
    ListAppender<ILoggingEvent> told = new ListAppender<>();
    told.start();
    Logger logger = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
    logger.addAppender(told);
    try (Socket socket = new Socket("127.0.0.1", service.port("application"))) {
      socket.setSoLinger(true, 0);
      analyses.send(socket, "GET " + path + " HTTP/1.1\r\n", "");
      assertThat(Received.until(socket.getInputStream(), "\r\n\r\n")).startsWith("HTTP/1.1 200 ");
    }

    RunningService.await("over", () -> service.metric("triage_door_in_flight") == 0);
    logger.detachAppender(told);
    assertThat(told.list).filteredOn(event -> event.getLevel() == Level.ERROR).isEmpty();
    service.execute("UPDATE jobs SET result = NULL WHERE octet_length(result) > 1000000");
  }

  @Test
  void answersInTimeOrLater() throws Exception {
    HttpResponse<String> inTime =
        service.post(ANALYSES, analysis("breast-cancer", row), "Prefer", "respond-async, wait=20");
    assertThat(inTime.statusCode()).as(inTime.body()).isEqualTo(200);
    assertThat(JSON.readTree(inTime.body()).at("/state").textValue()).isEqualTo("done");

    assertThat(inTime.headers().firstValue("Preference-Applied")).hasValue("wait=20");

    HttpResponse<String> later =
        service.post(ANALYSES, analysis("python", row), "Prefer", "respond-async, wait=1");
    assertThat(later.statusCode()).isEqualTo(202);
    assertThat(later.headers().firstValue("Preference-Applied")).hasValue("respond-async, wait=1");
    server.release(1);
    assertThat(JSON.readTree(analyses.ended(later).body()).at("/state").textValue())
        .isEqualTo("done");
  }

  @Test
  void givesACallerItsDefaultPreference() {
    HttpResponse<String> accepted =
        analyses.send("patient", ANALYSES, analysis("breast-cancer", row), List.of());

    assertThat(accepted.statusCode()).isEqualTo(202);
  }

  @Test
  void sendsTheInferenceRequestAsItWasWritten() {
    String input = "{ \"inputs\" : [ ] , \"id\":\"exact\" }";
    server.release(1);

    assertThat(service.post(ANALYSES, analysis("python", input)).statusCode()).isEqualTo(200);
    assertThat(server.asked()).contains(input);
  }

  @Test
  void givesThePlaceOfALongPollBackWhenItsCallerGoes() throws Exception {
    HttpResponse<String> accepted =
        service.post(ANALYSES, analysis("python", row), "Prefer", ASYNC);
    String location = accepted.headers().firstValue("Location").orElseThrow();
    RunningService.await("asked", () -> server.underWay() == 1);
    RunningService.await("quiet", () -> service.metric("triage_door_in_flight") == 0);
    try (Socket socket = new Socket("127.0.0.1", service.port("application"))) {
      analyses.send(socket, "GET " + location + " HTTP/1.1\r\nPrefer: wait=60\r\n", "");
      RunningService.await("waiting", () -> service.metric("triage_door_in_flight") == 1);
    }

    RunningService.await("gone", () -> service.metric("triage_door_in_flight") == 0);
    assertThat(analyses.state(id(accepted))).isEqualTo("running");
  }

  @Test
  void readsTheBodyThatALongPollHas() throws Exception {
    HttpResponse<String> accepted =
        service.post(ANALYSES, analysis("python", row), "Prefer", ASYNC);
    HttpRequest odd =
        service
            .request(accepted.headers().firstValue("Location").orElseThrow())
            .header("Prefer", "wait=1")
            .method("GET", HttpRequest.BodyPublishers.ofString("{}"))
            .build();

    assertThat(service.send(odd).statusCode()).isEqualTo(200);
  }

  @Test
  void givesNoRedirectForAResult() {
    server.answerWith(301);
    server.release(1);

    assertProblem(service.post(ANALYSES, analysis("python", row)), 502, "redirect");
  }

  @Test
  void answersAnInferenceLaterWhereAsked() throws Exception {
    HttpResponse<String> accepted =
        service.post("/v2/models/breast-cancer/infer", row, "Prefer", "respond-async");

    assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(202);
    assertThat(accepted.headers().firstValue("Location").orElseThrow()).startsWith("/api/v1/jobs/");
    JsonNode job = JSON.readTree(analyses.ended(accepted).body());
    assertThat(job.at("/state").textValue()).isEqualTo("done");
    assertThat(job.at("/result/outputs/0/data")).hasSize(2);

    HttpResponse<String> refused =
        service.post("/v2/models/breast-cancer/infer", "{}", "Prefer", "respond-async");
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.headers().firstValue("Content-Type")).hasValue("application/json");
    HttpResponse<String> large =
        service.post("/v2/models/breast-cancer/infer", " ".repeat((1 << 20) + 1), "Prefer", ASYNC);
    assertThat(large.statusCode()).isEqualTo(413);
  }

  @Test
  void takesNoKeyForAnInferenceThatIsAnsweredLater() throws Exception {
    String path = "/v2/models/breast-cancer/infer";
    HttpResponse<String> keyed =
        service.post(path, row, "Prefer", ASYNC, "Idempotency-Key", "not-here");

    assertThat(keyed.statusCode()).as(keyed.body()).isEqualTo(400);
    assertThat(JSON.readTree(keyed.body()).at("/error").textValue()).contains(ANALYSES);
    assertThat(service.post(path, row, "Idempotency-Key", "not-here").statusCode()).isEqualTo(200);
  }

  @Test
  void answersAnInferenceInTimeOrLater() throws Exception {
    String wait = "respond-async, wait=20";
    HttpResponse<String> inTime =
        service.post("/v2/models/breast-cancer/infer", row, "Prefer", wait);
    assertThat(inTime.statusCode()).as(inTime.body()).isEqualTo(200);
    assertThat(inTime.body()).isEqualTo(service.post("/v2/models/breast-cancer/infer", row).body());
    assertThat(inTime.headers().firstValue("Preference-Applied")).hasValue("wait=20");
    assertThat(inTime.headers().firstValue("Triage-Backend")).hasValue("breast-cancer-0");
    assertThat(inTime.headers().firstValue("Retry-After")).isEmpty();
    assertThat(analyses.ended(inTime).body()).contains("\"state\":\"done\"");

    String python = "/v2/models/python/infer";
    HttpResponse<String> later = service.post(python, row, "Prefer", "respond-async, wait=1");
    assertThat(later.statusCode()).as(later.body()).isEqualTo(202);
    assertThat(later.headers().firstValue("Preference-Applied")).hasValue("respond-async, wait=1");
    server.release(1);
    assertThat(analyses.ended(later).body()).contains("\"state\":\"done\"");

    server.answerWith(422);
    server.release(1);
    HttpResponse<String> refused = service.post(python, row, "Prefer", wait);
    assertThat(refused.statusCode()).as(refused.body()).isEqualTo(422);
    assertThat(refused.headers().firstValue("Content-Type")).hasValue("application/json");
    assertThat(JSON.readTree(refused.body()).at("/error").isTextual()).isTrue();

    HttpResponse<String> odd = service.post(python, row, "Prefer", "respond-async, wait=soon");
    assertThat(odd.statusCode()).isEqualTo(400);
    assertThat(JSON.readTree(odd.body()).at("/error").textValue()).contains("wait");
  }

  @Test
  void passesOverAWaitOfWhoTakesNo202() throws Exception {
    CompletableFuture<HttpResponse<String>> first =
        CompletableFuture.supplyAsync(
            () -> service.post(ANALYSES, analysis("python", row), "Prefer", "wait=0"),
            Thread::startVirtualThread);
    CompletableFuture<HttpResponse<String>> second =
        CompletableFuture.supplyAsync(
            () -> service.post("/v2/models/python/infer", row, "Prefer", "wait=0"),
            Thread::startVirtualThread);
    RunningService.await("asked", () -> server.underWay() == 2);
    server.release(2);

    for (HttpResponse<String> answer : List.of(first.join(), second.join())) {
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      assertThat(answer.headers().firstValue("Preference-Applied")).isEmpty();
    }
  }

  @Test
  void decodesAnInferenceForLaterAndRefusesRawTensors() throws Exception {
    String path = "/v2/models/breast-cancer/infer";
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream zip = new GZIPOutputStream(zipped)) {
      zip.write(row.getBytes(StandardCharsets.UTF_8));
    }
    HttpResponse<String> accepted =
        service.send(
            service
                .request(path)
                .header("Prefer", ASYNC)
                .header("Content-Encoding", "gzip")
                .POST(HttpRequest.BodyPublishers.ofByteArray(zipped.toByteArray()))
                .build());
    assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(202);
    JsonNode job = JSON.readTree(analyses.ended(accepted).body());
    assertThat(job.at("/result/outputs/0/data")).hasSize(2);

    String length = String.valueOf(row.getBytes(StandardCharsets.UTF_8).length);
    HttpResponse<String> raw =
        service.post(
            path, row + "12345678", "Prefer", ASYNC, "Inference-Header-Content-Length", length);
    assertThat(raw.statusCode()).as(raw.body()).isEqualTo(415);
    assertThat(raw.body()).contains("Inference-Header-Content-Length");
    HttpResponse<String> odd = service.post(path, row, "Prefer", ASYNC, "Content-Encoding", "br");
    assertThat(odd.statusCode()).isEqualTo(415);
    assertThat(odd.body()).contains("Content-Encoding");
  }

  @Test
  void takesNoMoreInThanMayWait() throws Exception {
    // A quarter of the smallest backlog: what one caller may hold.
    String large = analysis("python", "{\"inputs\":[],\"id\":\"" + "x".repeat(60_000) + "\"}");
    int taken = 0;
    HttpResponse<String> answer = service.post(ANALYSES, large, "Prefer", ASYNC);
    while (answer.statusCode() == 202) {
      taken++;
      answer = service.post(ANALYSES, large, "Prefer", ASYNC);
    }

    assertProblem(answer, 503, "no room");
    assertThat(answer.headers().firstValue("Triage-Reason")).hasValue("intake-full");
    assertThat(answer.headers().firstValue("Retry-After")).isPresent();
    assertThat(taken).isBetween(4, 7);
    assertThat(analyses.send("somebody", ANALYSES, large, List.of("Prefer", ASYNC)).statusCode())
        .isEqualTo(202);
  }

  @Test
  void hidesJobsOfOthersAndOfOtherStudies() throws Exception {
    HttpResponse<String> mine = service.post(ANALYSES, analysis("breast-cancer", row));
    String location = mine.headers().firstValue("Location").orElseThrow();

    assertThat(analyses.send("somebody", location, null, List.of()).statusCode()).isEqualTo(404);
    Caller elsewhere = caller("tester", Set.of("S-2"));
    assertThat(analyses.send(elsewhere, location, null, List.of()).statusCode()).isEqualTo(404);
    for (String id : List.of("x", "%00", "00000000-0000-7000-8000-000000000000")) {
      assertThat(service.get("/api/v1/jobs/" + id).statusCode()).as(id).isIn(400, 404);
    }
    HttpResponse<String> wrong =
        analyses.send(elsewhere, ANALYSES, analysis("breast-cancer", row), List.of());
    assertThat(wrong.statusCode()).isEqualTo(403);
    assertThat(wrong.body()).contains("/study").doesNotContain("S-1");
  }

  @Test
  void saysThatAJobHasNotChanged() {
    HttpResponse<String> answer = service.post(ANALYSES, analysis("breast-cancer", row));
    String location = answer.headers().firstValue("Location").orElseThrow();
    String tag = service.get(location).headers().firstValue("ETag").orElseThrow();

    HttpResponse<String> unchanged =
        service.send(service.request(location).header("If-None-Match", tag).GET().build());
    assertThat(unchanged.statusCode()).isEqualTo(304);
    assertThat(unchanged.body()).isEmpty();
    assertThat(unchanged.headers().firstValue("ETag")).hasValue(tag);
    assertThat(
            service
                .send(service.request(location).header("If-None-Match", "\"7\"").GET().build())
                .statusCode())
        .isEqualTo(200);
  }

  @Test
  void givesAScreenOfJobsAtOnce() throws Exception {
    String one = id(service.post(ANALYSES, analysis("breast-cancer", row)));
    String two = id(service.post(ANALYSES, analysis("breast-cancer", row)));
    String foreign =
        id(analyses.send("somebody", ANALYSES, analysis("breast-cancer", row), List.of()));

    HttpResponse<String> found =
        service.post(
            "/api/v1/jobs:query", "{\"ids\":[\"%s\",\"%s\",\"%s\"]}".formatted(one, two, foreign));

    assertThat(found.statusCode()).isEqualTo(200);
    assertThat(JSON.readTree(found.body()).at("/jobs").findValuesAsText("id"))
        .containsExactlyInAnyOrder(one, two);
    assertThat(service.post("/api/v1/jobs:query", "{\"id\":[]}").statusCode()).isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Prefer          | respond-async, wait=1e9 | 400
          Idempotency-Key | %s                      | 400
          Request-Timeout | soon                    | 400
          """)
  void refusesBadHeaders(String name, String value, int status) {
    HttpResponse<String> refused =
        service.post(
            ANALYSES, analysis("breast-cancer", row), name, value.replace("%s", "k".repeat(201)));

    assertThat(refused.statusCode()).isEqualTo(status);
    assertThat(refused.body()).contains(name);
    assertThat(refused.headers().firstValue("Content-Type")).hasValue("application/problem+json");
  }

  @Test
  void refusesBadSubmissionsAndUnknownPathsWithAProblem() {
    assertProblem(service.post(ANALYSES, "{\"model\":\"none\",\"x\":1}"), 400, "`/x`");
    assertProblem(service.post(ANALYSES, analysis("none", row)), 404, "/model");
    String half = analysis("breast-cancer", row).replace("\"007\"", "\"\\ud800\"");
    assertProblem(service.post(ANALYSES, half), 400, "\"pointer\":\"/subject\"");
    assertProblem(service.post(ANALYSES, half, "Prefer", ASYNC), 400, "surrogate");
    assertProblem(service.post(ANALYSES, analysis("breast-cancer", "{\"inputs\":[]}")), 400, "x");
    assertProblem(service.post(ANALYSES, " ".repeat((1 << 20) + 1)), 413, "1048576 bytes");
    assertProblem(service.get(ANALYSES), 405, "method");
    assertProblem(service.get("/api/v1/nothing"), 404, "path");
    HttpRequest anonymous =
        HttpRequest.newBuilder(service.api(ANALYSES))
            .POST(HttpRequest.BodyPublishers.ofString("{}"))
            .build();
    assertProblem(service.send(anonymous), 401, "token");
    HttpResponse<String> reader =
        analyses.send(
            new Caller("reader", Criticality.CRITICAL, Caller.ALL_STUDIES, Set.of(), hour()),
            ANALYSES,
            analysis("breast-cancer", row),
            List.of());
    assertProblem(reader, 403, "`request`");
  }
}
