package triage.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import triage.Received;
import triage.admission.Criticality;
import triage.identity.Caller;
import triage.identity.Role;

/// Analyses over a real port and a real store: at once, later, and never twice.
final class AnalysesIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ANALYSES = "/api/v1/analyses";
  private static final String ASYNC = "respond-async";
  private static final String IN_FLIGHT = "triage_in_flight{backend=\"python-0\",model=\"python\"}";

  @TempDir static Path folder;
  private static RunningService service;
  private static FakeModelServer server;
  private static String row;

  @BeforeAll
  static void start() throws Exception {
    Path models = Path.of(System.getProperty("triage.home"), "examples", "models");
    JsonNode golden = JSON.readTree(models.resolve("breast-cancer.golden.json").toFile());
    row =
        "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,30],\"datatype\":\"FP64\",\"data\":"
            + golden.get("x").get(0)
            + "}]}";
    server = new FakeModelServer();
    service =
        RunningService.start(
            folder,
            """
            models:
              breast-cancer: {backends: [{file: '%s', limit: 4}]}
              python:
                backends: [{url: '%s', limit: 2}]
                breaker: {failures: 1000, of: 1000}
            analysis:
              attemptsMax: 2
              lease: 1s
              backlogBytesMax: 1MiB
              defaultPrefer: {patient: "respond-async"}
            """
                .formatted(models.resolve("breast-cancer.onnx"), server.url()));
  }

  @AfterAll
  static void stop() throws Exception {
    service.close();
    server.close();
  }

  @AfterEach
  void letTheModelAnswer() {
    server.answerWith(200);
    server.answerAll(service);
  }

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
    JsonNode job = JSON.readTree(ended(accepted).body());
    assertThat(job.at("/state").textValue()).isEqualTo("done");
    assertThat(job.at("/attempts").intValue()).isEqualTo(1);
    assertThat(job.at("/result/outputs/0/data")).hasSize(2);
  }

  @Test
  void showsNoJobBeforeItsInferenceIsOnRecord() throws Exception {
    for (int i = 0; i < 5; i++) {
      String body = analysis("breast-cancer", row);
      String job = id(ended(service.post(ANALYSES, body, "Prefer", ASYNC)));
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
            send("tester", ANALYSES, body, headers),
            send("tester", ANALYSES, body, headers),
            service.post("/v2/models/python/infer", row, "Prefer", ASYNC))) {
      assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(202);
      assertThat(accepted.headers().firstValueAsLong("Retry-After").orElseThrow())
          .isBetween(1L, 90L);
      ended(accepted);
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
    String job = id(ended(service.post(ANALYSES, analysis("breast-cancer", row), "Prefer", ASYNC)));
    String path = "/api/v1/jobs/" + job;
    service.execute(
        "UPDATE jobs SET result = convert_to('\"' || repeat('x', 15000000) || '\"', 'UTF8')"
            + " WHERE id = '"
            + job
            + "'");
    List<Socket> unread = new ArrayList<>();
    String answer;
    do {
      Socket socket = new Socket("127.0.0.1", service.port("application"));
      unread.add(socket);
      send(socket, "GET " + path + " HTTP/1.1\r\n", "");
      answer = Received.until(socket.getInputStream(), "\r\n\r\n");
    } while (answer.startsWith("HTTP/1.1 200 ") && unread.size() < 100);

    assertThat(answer).startsWith("HTTP/1.1 429 ").contains("Triage-Reason: quota");
    assertThat(service.get(path).statusCode()).isEqualTo(429);
    unread.getFirst().close();
    RunningService.await("room again", () -> service.get(path).statusCode() == 200);
    for (Socket socket : unread) {
      socket.close();
    }
    service.execute("UPDATE jobs SET result = NULL WHERE id = '" + job + "'");
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
    assertThat(JSON.readTree(ended(later).body()).at("/state").textValue()).isEqualTo("done");
  }

  @Test
  void givesACallerItsDefaultPreference() {
    HttpResponse<String> accepted =
        send("patient", ANALYSES, analysis("breast-cancer", row), List.of());

    assertThat(accepted.statusCode()).isEqualTo(202);
  }

  @Test
  void sendsTheInferenceRequestAsItWasWritten() {
    String input = "{ \"inputs\" : [ ] , \"id\":\"exact\" }";
    server.release(1);

    assertThat(service.post(ANALYSES, analysis("python", input)).statusCode()).isEqualTo(200);
    assertThat(server.asked()).contains(input);
  }

  @ParameterizedTest
  @CsvSource({"k-sync, ''", "k-async, respond-async", "k-defer, 'respond-async, wait=20'"})
  void givesTheFirstAnswerOnceMore(String key, String prefer) throws Exception {
    String body = analysis("breast-cancer", row);
    List<String> headers = List.of("Idempotency-Key", key, "Prefer", prefer);

    HttpResponse<String> first = send("tester", ANALYSES, body, headers);
    assertThat(first.statusCode()).as(first.body()).isLessThan(300);
    ended(first);
    HttpResponse<String> again = send("tester", ANALYSES, body, headers);

    assertThat(again.statusCode()).isEqualTo(first.statusCode());
    assertThat(again.body()).isEqualTo(first.body());
    assertThat(again.headers().firstValue("Location"))
        .isEqualTo(first.headers().firstValue("Location"));
    assertThat(service.count("SELECT count(*) FROM jobs WHERE idempotency_key = '" + key + "'"))
        .isEqualTo(1);
    HttpResponse<String> other = send("tester", ANALYSES, body + " ", headers);
    assertThat(other.statusCode()).isEqualTo(422);
    assertThat(other.headers().firstValue("Triage-Reason")).hasValue("idempotency-mismatch");
    assertDocumented(other);
    // A key is its caller's own.
    assertThat(send("somebody", ANALYSES, body, headers).body()).isNotEqualTo(first.body());
  }

  @Test
  void letsTheKeyGoWhenItsTimeIsOver() {
    String body = analysis("breast-cancer", row);
    List<String> headers = List.of("Idempotency-Key", "aged");
    HttpResponse<String> first = send("tester", ANALYSES, body, headers);
    age("aged");

    HttpResponse<String> second = send("tester", ANALYSES, body + " ", headers);
    assertThat(second.statusCode()).as(second.body()).isEqualTo(200);
    assertThat(second.body()).isNotEqualTo(first.body());
    assertThat(send("tester", ANALYSES, body + " ", headers).body()).isEqualTo(second.body());
  }

  @Test
  void keepsTheKeyOfAJobThatHasNotEnded() throws Exception {
    String body = analysis("python", row);
    List<String> headers = List.of("Idempotency-Key", "waits", "Prefer", ASYNC);
    HttpResponse<String> first = send("tester", ANALYSES, body, headers);
    assertThat(first.statusCode()).isEqualTo(202);
    age("waits");

    HttpResponse<String> again = send("tester", ANALYSES, body, headers);
    assertThat(again.body()).isEqualTo(first.body());
    server.release(2);
    assertThat(ended(first).body()).isEqualTo(ended(again).body());
    // Its time begins with the job's end: who comes back then finds what was done.
    assertThat(send("tester", ANALYSES, body, headers).body()).isEqualTo(first.body());
    age("waits");
    assertThat(send("tester", ANALYSES, body, headers).body()).isNotEqualTo(first.body());
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
        CompletableFuture.supplyAsync(() -> send("tester", ANALYSES, body, headers));
    RunningService.await("asked", () -> !server.asked().isEmpty() && attached() == 1);

    HttpResponse<String> second = send("tester", ANALYSES, body, headers);
    assertThat(second.statusCode()).isEqualTo(409);
    assertThat(second.headers().firstValue("Triage-Reason")).hasValue("idempotency-running");
    assertDocumented(second);
    assertThat(second.headers().firstValue("Retry-After")).isPresent();

    server.release(1);
    assertThat(first.join().statusCode()).isEqualTo(200);
    assertThat(send("tester", ANALYSES, body, headers).body()).isEqualTo(first.join().body());
  }

  @Test
  void givesTheAnswerThatTheFirstRequestDiedBeforeItGave() throws Exception {
    String body = analysis("python", row);
    List<String> headers = List.of("Idempotency-Key", "orphan", "Prefer", ASYNC);
    HttpResponse<String> first = send("tester", ANALYSES, body, headers);
    orphan("orphan", "now() + interval '1 h'");
    assertThat(send("tester", ANALYSES, body, headers).statusCode()).isEqualTo(409);

    HttpResponse<String> job = ended(released(first));
    orphan("orphan", "now() - interval '1 s'");
    HttpResponse<String> again = send("tester", ANALYSES, body, headers);
    assertThat(again.statusCode()).as(again.body()).isEqualTo(200);
    assertThat(again.body()).isEqualTo(job.body());
    assertThat(send("tester", ANALYSES, body, headers).body()).isEqualTo(job.body());
    assertThat(service.count("SELECT count(*) FROM jobs WHERE idempotency_key = 'orphan'")).isOne();
  }

  @Test
  void keepsToWhatItSaidInPlaceOfAFirstRequestThatDied() throws Exception {
    String body = analysis("python", row);
    List<String> headers = List.of("Idempotency-Key", "orphan-waits", "Prefer", ASYNC);
    HttpResponse<String> first = send("tester", ANALYSES, body, headers);
    orphan("orphan-waits", "now() - interval '1 s'");
    HttpResponse<String> again = send("tester", ANALYSES, body, headers);
    assertThat(again.statusCode()).isEqualTo(202);
    assertThat(again.body()).isEqualTo(first.body());

    ended(released(first));
    HttpResponse<String> late = send("tester", ANALYSES, body, headers);
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
        send(
            "tester", ANALYSES, body, List.of("Idempotency-Key", "late", "Request-Timeout", "0.3"));
    assertThat(late.statusCode()).isEqualTo(504);
    assertThat(late.headers().firstValue("Triage-Reason")).hasValue("deadline-exceeded");
    assertThat(late.headers().firstValue("Content-Type")).hasValue("application/problem+json");
    assertThat(service.count("SELECT count(*) FROM jobs WHERE idempotency_key = 'late'")).isZero();

    server.release(2);
    assertThat(send("tester", ANALYSES, body, List.of("Idempotency-Key", "late")).statusCode())
        .isEqualTo(200);
  }

  @Test
  void letsTheKeyGoWhenTheCallerDoes() throws Exception {
    String body = analysis("python", row);
    try (java.net.Socket socket = new java.net.Socket("127.0.0.1", service.port("application"))) {
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
  void givesThePlaceOfALongPollBackWhenItsCallerGoes() throws Exception {
    HttpResponse<String> accepted =
        service.post(ANALYSES, analysis("python", row), "Prefer", ASYNC);
    String location = accepted.headers().firstValue("Location").orElseThrow();
    RunningService.await("asked", () -> server.underWay() == 1);
    RunningService.await("quiet", () -> service.metric("triage_door_in_flight") == 0);
    try (Socket socket = new Socket("127.0.0.1", service.port("application"))) {
      send(socket, "GET " + location + " HTTP/1.1\r\nPrefer: wait=60\r\n", "");
      RunningService.await("waiting", () -> service.metric("triage_door_in_flight") == 1);
    }

    RunningService.await("gone", () -> service.metric("triage_door_in_flight") == 0);
    assertThat(state(id(accepted))).isEqualTo("running");
  }

  @Test
  void settlesTheFirstAnswerWhenTheCallerOfADeferralGoes() throws Exception {
    String body = analysis("python", row);
    try (Socket socket = new Socket("127.0.0.1", service.port("application"))) {
      send(
          socket,
          "POST "
              + ANALYSES
              + " HTTP/1.1\r\nPrefer: respond-async, wait=60\r\nIdempotency-Key: left\r\n",
          body);
      RunningService.await("asked", () -> server.underWay() == 1);
      assertThat(answered("left")).isEqualTo(0);
    }

    RunningService.await("settled", () -> answered("left") == 202);
    HttpResponse<String> again = send("tester", ANALYSES, body, List.of("Idempotency-Key", "left"));
    assertThat(again.statusCode()).isEqualTo(202);
    server.release(1);
    assertThat(JSON.readTree(ended(again).body()).at("/state").textValue()).isEqualTo("done");
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

  private static long answered(String key) {
    return service.count(
        "SELECT coalesce(max(answered), 0) FROM jobs WHERE idempotency_key = '" + key + "'");
  }

  private static void send(Socket socket, String head, String body) throws Exception {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    String whole =
        head
            + "Host: t\r\nAuthorization: Bearer "
            + service.token()
            + "\r\nContent-Length: "
            + bytes.length
            + "\r\n\r\n"
            + body;
    socket.getOutputStream().write(whole.getBytes(StandardCharsets.UTF_8));
    socket.getOutputStream().flush();
  }

  @Test
  void keepsWhatTheModelRefused() throws Exception {
    server.answerWith(422);
    server.release(2);
    List<String> headers = List.of("Idempotency-Key", "refused");
    String body = analysis("python", row);

    HttpResponse<String> refused = send("tester", ANALYSES, body, headers);
    assertThat(refused.statusCode()).isEqualTo(422);
    assertThat(refused.headers().firstValue("Triage-Reason")).hasValue("backend-refused");
    assertThat(JSON.readTree(refused.body()).at("/job/state").textValue()).isEqualTo("failed");
    assertThat(send("tester", ANALYSES, body, headers).body()).isEqualTo(refused.body());

    JsonNode job = JSON.readTree(ended(service.post(ANALYSES, body, "Prefer", ASYNC)).body());
    assertThat(job.at("/state").textValue()).isEqualTo("failed");
    assertThat(job.at("/status").intValue()).isEqualTo(422);
  }

  @ParameterizedTest
  @ValueSource(ints = {500, 301, 401, 403, 404, 405, 407, 408, 425})
  void triesAgainWhereTheBackendIsAtFaultAndThenGivesUpWithTheCause(int status) throws Exception {
    server.answerWith(status);
    server.release(2);

    JsonNode job =
        JSON.readTree(
            ended(service.post(ANALYSES, analysis("python", row), "Prefer", ASYNC)).body());

    assertThat(job.at("/state").textValue()).isEqualTo("dead");
    assertThat(job.at("/attempts").intValue()).isEqualTo(2);
    assertThat(job.at("/reason").textValue()).isEqualTo("backend-failed");
    assertThat(job.at("/detail").textValue())
        .contains(String.valueOf(status))
        .endsWith(": {\"outputs\":[]}");
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403, 404, 408})
  void keepsNoFaultOfTheBackendUnderTheKey(int status) {
    String body = analysis("python", row);
    List<String> headers = List.of("Idempotency-Key", "fault-" + status);
    server.answerWith(status);
    server.release(2);
    assertProblem(send("tester", ANALYSES, body, headers), 502, "status " + status);

    server.answerWith(200);
    assertThat(send("tester", ANALYSES, body, headers).statusCode()).isEqualTo(200);
  }

  @Test
  void givesNoRedirectForAResult() {
    server.answerWith(301);
    server.release(1);

    assertProblem(service.post(ANALYSES, analysis("python", row)), 502, "redirect");
  }

  @Test
  void letsOperatorsReplayWhatTheModelRefused() throws Exception {
    server.answerWith(422);
    server.release(1);
    List<String> headers = List.of("Idempotency-Key", "mended");
    String body = analysis("python", row);
    HttpResponse<String> refused = send("tester", ANALYSES, body, headers);
    assertThat(refused.statusCode()).isEqualTo(422);
    String id = JSON.readTree(refused.body()).at("/job/id").textValue();
    String path = "/api/v1/jobs/" + id;
    assertProblem(service.post(path + "/replay", "{\"reason\":\"mine\"}"), 409, "failed");

    server.answerWith(200);
    Caller operator =
        new Caller("olga", Criticality.CRITICAL, Caller.ALL_STUDIES, Set.of(Role.OPERATE), hour());
    HttpResponse<String> replayed =
        send(operator, path + "/replay", "{\"reason\":\"the model was wrong\"}", List.of());
    assertThat(replayed.statusCode()).as(replayed.body()).isEqualTo(200);
    // What was told at first does not hold any more, and there is no other answer yet.
    assertThat(send("tester", ANALYSES, body, headers).statusCode()).isEqualTo(202);
    server.release(1);
    JsonNode job = JSON.readTree(ended(replayed).body());
    assertThat(job.at("/state").textValue()).isEqualTo("done");
    assertThat(job.at("/status").intValue()).isEqualTo(200);
  }

  @Test
  void takesAJobOverWhoseHolderWentAway() throws Exception {
    HttpResponse<String> accepted =
        service.post(ANALYSES, analysis("python", row), "Prefer", ASYNC);
    String id = JSON.readTree(accepted.body()).at("/id").textValue();
    RunningService.await("claimed", () -> state(id).equals("running"));
    // As if another instance had claimed it, and gone.
    service.execute(
        "UPDATE jobs SET owner = gen_random_uuid(), fence = fence + 1,"
            + " lease_until = now() - interval '1 s' WHERE id = '"
            + id
            + "'");
    RunningService.await("claimed anew", () -> attempts(id) == 2);
    server.release(2);

    assertThat(JSON.readTree(ended(accepted).body()).at("/state").textValue()).isEqualTo("done");
  }

  @Test
  void anOlderHolderGivesUpAndWritesNothing() throws Exception {
    HttpResponse<String> accepted =
        service.post(ANALYSES, analysis("python", row), "Prefer", ASYNC);
    String id = JSON.readTree(accepted.body()).at("/id").textValue();
    RunningService.await("claimed", () -> state(id).equals("running"));
    // As if this instance had claimed it anew.
    service.execute(
        "UPDATE jobs SET fence = fence + 1,"
            + " lease_until = now() + interval '1 h' WHERE id = '"
            + id
            + "'");
    RunningService.await("given up", () -> service.metric(IN_FLIGHT) == 0);
    // Once the next job is done, what the older holder had to write has been written, or not.
    server.release(2);
    ended(service.post(ANALYSES, analysis("python", row), "Prefer", ASYNC));

    assertThat(state(id)).isEqualTo("running");
    assertThat(attempts(id)).isOne();
    service.execute("UPDATE jobs SET lease_until = now() WHERE id = '" + id + "'");
    server.release(1);
    assertThat(JSON.readTree(ended(accepted).body()).at("/state").textValue()).isEqualTo("done");
  }

  @Test
  void claimsNoMoreThanTheBackendsHoldAndTheMostCriticalFirst() throws Exception {
    String body = analysis("python", row);
    for (int i = 0; i < 6; i++) {
      service.post(ANALYSES, body, "Prefer", ASYNC, "Priority", "u=6");
    }
    RunningService.await("two claimed", () -> count("running", 3) == 2);
    String urgent = analysis("python", "{\"inputs\":[],\"id\":\"urgent\"}");
    HttpResponse<String> accepted =
        service.post(ANALYSES, urgent, "Prefer", ASYNC, "Priority", "u=0");
    RunningService.await("claimed beside them", () -> count("running", 0) == 1);
    assertThat(count("running", 3)).isEqualTo(2);
    assertThat(count("waiting", 3)).isEqualTo(4);

    int before = server.asked().size();
    server.release(1);
    assertThat(JSON.readTree(ended(released(accepted)).body()).at("/state").textValue())
        .isEqualTo("done");
    assertThat(server.asked().get(before)).contains("urgent");
  }

  @Test
  void callsAJobOffAndLetsItBeTriedAgain() throws Exception {
    HttpResponse<String> accepted =
        service.post(ANALYSES, analysis("python", row), "Prefer", ASYNC);
    String id = id(accepted);
    String path = "/api/v1/jobs/" + id;
    RunningService.await("asked", () -> server.underWay() == 1);
    assertProblem(service.post(path + "/replay", "{\"reason\":\"again\"}"), 409, "running");
    assertProblem(service.post(path + "/cancel", "{\"why\":\"x\"}"), 400, "reason");
    assertThat(send("somebody", path + "/cancel", "{\"reason\":\"x\"}", List.of()).statusCode())
        .isEqualTo(404);

    HttpResponse<String> cancelled = service.post(path + "/cancel", "{\"reason\":\"a slip\"}");
    assertThat(cancelled.statusCode()).as(cancelled.body()).isEqualTo(200);
    JsonNode job = JSON.readTree(ended(accepted).body());
    assertThat(job.at("/state").textValue()).isEqualTo("cancelled");
    assertThat(job.at("/detail").textValue()).isEqualTo("a slip");
    assertProblem(service.post(path + "/cancel", "{\"reason\":\"x\"}"), 409, "cancelled");

    Caller operator =
        new Caller("olga", Criticality.CRITICAL, Caller.ALL_STUDIES, Set.of(Role.OPERATE), hour());
    assertThat(
            send(operator, path + "/replay", "{\"reason\":\"not a slip\"}", List.of()).statusCode())
        .isEqualTo(200);
    server.release(2);
    assertThat(JSON.readTree(ended(accepted).body()).at("/state").textValue()).isEqualTo("done");
    assertThat(
            service.rows(
                "SELECT caller, from_value, to_value FROM audit_change WHERE target = '"
                    + id
                    + "' ORDER BY id"))
        .extracting(change -> change.get("caller") + " " + change.get("to_value"))
        .containsExactly("tester cancelled: a slip", "olga waiting: not a slip");
  }

  @Test
  void writesDownWhatWasCalledOffTogetherWithIt() throws Exception {
    HttpResponse<String> accepted =
        service.post(ANALYSES, analysis("python", row), "Prefer", ASYNC);
    String id = id(accepted);
    RunningService.await("claimed", () -> server.underWay() == 1);
    String changes = "SELECT count(*) FROM audit_change WHERE target = '" + id + "'";
    List<CompletableFuture<HttpResponse<String>>> cancelling = new ArrayList<>();

    service.whileLocked(
        "UPDATE jobs SET detail = 'x' WHERE id = '" + id + "'",
        () -> {
          cancelling.add(
              CompletableFuture.supplyAsync(
                  () -> service.post("/api/v1/jobs/" + id + "/cancel", "{\"reason\":\"a slip\"}")));
          RunningService.await(
              "the change waits",
              () ->
                  service.count(
                          "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                              + " AND query LIKE '%jobs%id%'")
                      > 0);
          // As long as it is open whether the job is called off, nothing says that it was.
          assertThat(service.count(changes)).isZero();
        });
    assertThat(cancelling.getFirst().join().statusCode()).isEqualTo(200);
    assertThat(service.count(changes)).isOne();
    assertThat(service.post("/api/v1/jobs/" + id + "/cancel", "{\"reason\":\"x\"}").statusCode())
        .isEqualTo(409);
    assertThat(service.count(changes)).isOne();
  }

  @Test
  void answersAnInferenceLaterWhereAsked() throws Exception {
    HttpResponse<String> accepted =
        service.post("/v2/models/breast-cancer/infer", row, "Prefer", "respond-async");

    assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(202);
    assertThat(accepted.headers().firstValue("Location").orElseThrow()).startsWith("/api/v1/jobs/");
    JsonNode job = JSON.readTree(ended(accepted).body());
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
  void answersAnInferenceInTimeOrLater() throws Exception {
    String wait = "respond-async, wait=20";
    HttpResponse<String> inTime =
        service.post("/v2/models/breast-cancer/infer", row, "Prefer", wait);
    assertThat(inTime.statusCode()).as(inTime.body()).isEqualTo(200);
    assertThat(inTime.body()).isEqualTo(service.post("/v2/models/breast-cancer/infer", row).body());
    assertThat(inTime.headers().firstValue("Preference-Applied")).hasValue("wait=20");
    assertThat(inTime.headers().firstValue("Triage-Backend")).hasValue("breast-cancer-0");
    assertThat(inTime.headers().firstValue("Retry-After")).isEmpty();
    assertThat(ended(inTime).body()).contains("\"state\":\"done\"");

    String python = "/v2/models/python/infer";
    HttpResponse<String> later = service.post(python, row, "Prefer", "respond-async, wait=1");
    assertThat(later.statusCode()).as(later.body()).isEqualTo(202);
    assertThat(later.headers().firstValue("Preference-Applied")).hasValue("respond-async, wait=1");
    server.release(1);
    assertThat(ended(later).body()).contains("\"state\":\"done\"");

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
    JsonNode job = JSON.readTree(ended(accepted).body());
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
  void forgetsWhatWasKeptForLongEnough() throws Exception {
    String id = id(service.post(ANALYSES, analysis("breast-cancer", row)));
    service.execute(
        "UPDATE jobs SET finished_at = now() - interval '31 d' WHERE id = '" + id + "'");

    RunningService.await(
        "deleted", () -> service.count("SELECT count(*) FROM jobs WHERE id = '" + id + "'") == 0);
    assertThat(service.get("/api/v1/jobs/" + id).statusCode()).isEqualTo(404);
  }

  @Test
  void showsOperatorsWhatBecomesOfJobs() throws Exception {
    double done = ended("done");
    double failed = ended("failed");
    double dead = ended("dead");
    double taken = service.metric("triage_jobs_taken_over_total");
    String body = analysis("python", row);
    HttpResponse<String> first = service.post(ANALYSES, body, "Prefer", ASYNC);
    for (int i = 0; i < 4; i++) {
      service.post(ANALYSES, body, "Prefer", ASYNC);
    }
    service.execute("UPDATE jobs SET created_at = now() - interval '1 h' WHERE state = 'waiting'");

    RunningService.await("counted", () -> service.metric("triage_jobs{state=\"waiting\"}") == 3);
    assertThat(service.metric("triage_jobs{state=\"running\"}")).isEqualTo(2);
    assertThat(service.metric("triage_jobs{state=\"dead\"}"))
        .isEqualTo(service.count("SELECT count(*) FROM jobs WHERE state = 'dead'"));
    assertThat(service.metric("triage_job_backlog_bytes"))
        .isEqualTo(3 * (512 + row.getBytes(StandardCharsets.UTF_8).length));
    assertThat(service.metric("triage_job_oldest_waiting_seconds")).isBetween(3600.0, 3700.0);

    service.execute(
        "UPDATE jobs SET owner = gen_random_uuid(), fence = fence + 1,"
            + " lease_until = now() - interval '1 s' WHERE id = '"
            + id(first)
            + "'");
    RunningService.await(
        "taken over", () -> service.metric("triage_jobs_taken_over_total") == taken + 1);
    server.release(1_000);
    ended(first);
    // The job that was taken over may have been answered to both its holders.
    RunningService.await("done", () -> ended("done") - done >= 5);
    assertThat(ended("done") - done).isLessThanOrEqualTo(6);
    server.answerWith(422);
    assertThat(service.post(ANALYSES, body).statusCode()).isEqualTo(422);
    RunningService.await("failed", () -> ended("failed") == failed + 1);
    server.answerWith(500);
    service.post(ANALYSES, body, "Prefer", ASYNC);
    RunningService.await("dead", () -> ended("dead") == dead + 1);
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
    assertThat(send("somebody", ANALYSES, large, List.of("Prefer", ASYNC)).statusCode())
        .isEqualTo(202);
  }

  @Test
  void letsNothingBeTriedAgainThatHasNoRoomToWait() throws Exception {
    // More than a quarter of the smallest backlog: what one caller may hold.
    String dead = kept("dead", 300_000);
    HttpResponse<String> full = replay(dead);
    assertProblem(full, 503, "no room");
    assertThat(full.headers().firstValue("Triage-Reason")).hasValue("intake-full");
    assertThat(state(dead)).isEqualTo("dead");

    // What cannot be tried again leaves its room to others.
    String failed = kept("failed", 200_000);
    for (int i = 0; i < 3; i++) {
      assertProblem(replay(failed), 409, "failed");
    }
    HttpResponse<String> replayed = replay(kept("dead", 200_000));
    assertThat(replayed.statusCode()).as(replayed.body()).isEqualTo(200);
  }

  private static HttpResponse<String> replay(String id) {
    return send("replayer", "/api/v1/jobs/" + id + "/replay", "{\"reason\":\"again\"}", List.of());
  }

  /// Gives the id of a job that has ended without a result.
  private static String kept(String state, int inputBytes) {
    String insert =
        """
        INSERT INTO jobs (id, caller, study, model, model_version, criticality, body_sha256,
          input, state, created_at, finished_at)
        VALUES (gen_random_uuid(), 'replayer', 'S-1', 'python', '1', 1, '',
          convert_to(repeat(' ', %d), 'UTF8'), '%s', now(), now())
        RETURNING id\
        """;
    return service.rows(insert.formatted(inputBytes, state)).getFirst().get("id").toString();
  }

  @Test
  void hidesJobsOfOthersAndOfOtherStudies() throws Exception {
    HttpResponse<String> mine = service.post(ANALYSES, analysis("breast-cancer", row));
    String location = mine.headers().firstValue("Location").orElseThrow();

    assertThat(send("somebody", location, null, List.of()).statusCode()).isEqualTo(404);
    Caller elsewhere = caller("tester", Set.of("S-2"));
    assertThat(send(elsewhere, location, null, List.of()).statusCode()).isEqualTo(404);
    for (String id : List.of("x", "%00", "00000000-0000-7000-8000-000000000000")) {
      assertThat(service.get("/api/v1/jobs/" + id).statusCode()).as(id).isIn(400, 404);
    }
    HttpResponse<String> wrong =
        send(elsewhere, ANALYSES, analysis("breast-cancer", row), List.of());
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
    String foreign = id(send("somebody", ANALYSES, analysis("breast-cancer", row), List.of()));

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
        send(
            new Caller("reader", Criticality.CRITICAL, Caller.ALL_STUDIES, Set.of(), hour()),
            ANALYSES,
            analysis("breast-cancer", row),
            List.of());
    assertProblem(reader, 403, "`request`");
  }

  private static void assertDocumented(HttpResponse<String> answer) throws Exception {
    JsonNode document = JSON.readTree(service.get("/openapi.json").body());
    JsonNode responses = document.at("/paths/~1api~1v1~1analyses/post/responses");
    assertThat(responses.has(String.valueOf(answer.statusCode()))).isTrue();
    assertThat(document.at("/components/schemas/AnalysisReason/anyOf/1/enum"))
        .contains(JSON.readTree(answer.body()).get("reason"));
  }

  private static void assertProblem(HttpResponse<String> answer, int status, String detail) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
    assertThat(answer.body()).contains("\"status\":" + status).contains(detail);
  }

  private static String analysis(String model, String input) {
    return "{\"model\":\"%s\",\"study\":\"S-1\",\"site\":\"07\",\"subject\":\"007\",\"input\":%s}"
        .formatted(model, input);
  }

  private static HttpResponse<String> ended(HttpResponse<String> submitted) {
    String location = submitted.headers().firstValue("Location").orElseThrow();
    HttpRequest wait = service.request(location).header("Prefer", "wait=20").GET().build();
    HttpResponse<String> job = service.send(wait);
    // The job's caller is always the tester but in one test, which does not ask.
    assertThat(job.statusCode()).as(job.body()).isEqualTo(200);
    assertThat(job.body()).contains("\"finishedAt\"");
    assertThat(job.headers().firstValue("Preference-Applied")).hasValue("wait=20");
    return job;
  }

  private static HttpResponse<String> released(HttpResponse<String> submitted) {
    server.release(1_000);
    return submitted;
  }

  private static String id(HttpResponse<String> answer) throws Exception {
    return JSON.readTree(answer.body()).at("/id").textValue();
  }

  private static String state(String id) {
    return (String)
        service.rows("SELECT state FROM jobs WHERE id = '" + id + "'").getFirst().get("state");
  }

  private static int attempts(String id) {
    return (int)
        service
            .rows("SELECT attempts FROM jobs WHERE id = '" + id + "'")
            .getFirst()
            .get("attempts");
  }

  private static double ended(String state) {
    return service.metric("triage_jobs_ended_total{state=\"" + state + "\"}");
  }

  private static long attached() {
    return service.count("SELECT count(*) FROM jobs WHERE state = 'attached'");
  }

  private static long count(String state, int criticality) {
    return service.count(
        "SELECT count(*) FROM jobs WHERE state = '%s' AND criticality = %d"
            .formatted(state, criticality));
  }

  private static Instant hour() {
    return Instant.ofEpochSecond(InstantSource.system().instant().getEpochSecond() + 3600);
  }

  private static Caller caller(String name, Set<String> studies) {
    return new Caller(
        name, Criticality.CRITICAL_PLUS, studies, Set.of(Role.REQUEST, Role.READ), hour());
  }

  private static HttpResponse<String> send(
      String caller, String path, String body, List<String> headers) {
    return send(caller(caller, Caller.ALL_STUDIES), path, body, headers);
  }

  private static HttpResponse<String> send(
      Caller caller, String path, String body, List<String> headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(service.api(path))
            .header("Authorization", "Bearer " + service.token(caller));
    for (int i = 0; i < headers.size(); i += 2) {
      if (!headers.get(i + 1).isEmpty()) {
        request.header(headers.get(i), headers.get(i + 1));
      }
    }
    return service.send(
        (body == null ? request.GET() : request.POST(HttpRequest.BodyPublishers.ofString(body)))
            .build());
  }
}
