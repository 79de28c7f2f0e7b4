package triage.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import triage.admission.Criticality;
import triage.identity.Role;

/// A model with one permit and three places to wait, before a server that answers when told to.
final class GateIT {
  private static final String INFER = "/v2/models/m/infer";
  private static final String ANALYSES = "/api/v1/analyses";
  private static final String ANALYSIS =
      "{\"model\":\"m\",\"study\":\"S-1\",\"site\":\"07\",\"subject\":\"007\","
          + "\"input\":{\"inputs\":[]}}";
  private static final Executor THREADS = command -> Thread.startVirtualThread(command);

  @TempDir Path folder;
  private FakeModelServer model;
  private RunningService service;

  @BeforeEach
  void start() throws Exception {
    model = new FakeModelServer();
    service =
        RunningService.start(
            folder,
            """
            door: {inFlightMax: 6}
            models:
              m:
                waitingMax: 3
                backends: [{url: "%s", limit: 1}]
            """
                .formatted(model.url()));
  }

  @AfterEach
  void stop() throws Exception {
    model.release(1000);
    service.close();
    model.close();
  }

  @Test
  void servesTheQueueInOrderOfCriticalityAndShedsWhatDoesNotFit() {
    CompletableFuture<HttpResponse<String>> running = ask("running", "u=3");
    awaitAsked(1);
    CompletableFuture<HttpResponse<String>> batch = ask("batch", "u=7");
    awaitWaiting("sheddable", 1);
    CompletableFuture<HttpResponse<String>> later = ask("later", "u=5");
    awaitWaiting("sheddable_plus", 1);
    CompletableFuture<HttpResponse<String>> safety = ask("safety", "u=0");
    awaitWaiting("critical_plus", 1);

    CompletableFuture<HttpResponse<String>> urgent = ask("urgent", "u=2");
    HttpResponse<String> displaced = batch.join();
    assertThat(displaced.statusCode()).isEqualTo(429);
    assertThat(displaced.headers().firstValue("Triage-Reason")).hasValue("shed-priority");
    assertThat(displaced.headers().firstValueAsLong("Retry-After").orElseThrow())
        .isBetween(1L, 90L);
    assertThat(displaced.body()).contains("\"reason\":\"shed-priority\"");

    HttpResponse<String> refused = ask("too late", "u=7").join();
    assertThat(refused.statusCode()).isEqualTo(429);
    assertThat(refused.headers().firstValue("Triage-Reason")).hasValue("shed-priority");

    for (int served = 1; served <= 4; served++) {
      model.release(1);
      if (served < 4) {
        awaitAsked(served + 1);
      }
    }
    for (CompletableFuture<HttpResponse<String>> answer : List.of(running, later, safety, urgent)) {
      assertThat(answer.join().statusCode()).isEqualTo(200);
    }
    assertThat(model.asked()).containsExactly("running", "safety", "urgent", "later");
  }

  @Test
  void shedsAnalysesAsItShedsInferences() {
    List<CompletableFuture<HttpResponse<String>>> inside = new ArrayList<>();
    inside.add(ask("running", "u=3"));
    awaitAsked(1);
    for (int i = 1; i <= 3; i++) {
      inside.add(ask("waiting", "u=3"));
      awaitWaiting("critical", i);
    }

    HttpResponse<String> inference = ask("one too many", "u=7").join();
    HttpResponse<String> analysis =
        service.post(ANALYSES, ANALYSIS, "Priority", "u=7", "Idempotency-Key", "shed");

    for (HttpResponse<String> shed : List.of(inference, analysis)) {
      assertThat(shed.statusCode()).as(shed.body()).isEqualTo(429);
      assertThat(shed.headers().firstValue("Triage-Reason")).hasValue("shed-priority");
      assertThat(shed.headers().firstValueAsLong("Retry-After").orElseThrow()).isBetween(1L, 90L);
    }
    assertThat(analysis.headers().firstValue("Content-Type")).hasValue("application/problem+json");
    assertThat(analysis.body()).contains("\"status\":429").contains("shed-priority");
    assertThat(service.count("SELECT count(*) FROM jobs")).isZero();
    // Who wants it later is not shed.
    assertThat(
            service
                .post(ANALYSES, ANALYSIS, "Priority", "u=7", "Prefer", "respond-async")
                .statusCode())
        .isEqualTo(202);
    model.release(1000);
    inside.forEach(answer -> assertThat(answer.join().statusCode()).isEqualTo(200));
    assertThat(
            service
                .post(ANALYSES, ANALYSIS, "Priority", "u=7", "Idempotency-Key", "shed")
                .statusCode())
        .isEqualTo(200);
  }

  @Test
  void takesThePermitBackAfterSuccessFailureAndHangUp() throws Exception {
    model.release(1);
    assertThat(ask("good", "u=3").join().statusCode()).isEqualTo(200);
    awaitInFlight(0);

    model.answerWith(500);
    model.release(1);
    assertThat(ask("bad", "u=3").join().statusCode()).isEqualTo(500);
    awaitInFlight(0);
    model.answerWith(200);

    Socket caller = open("leaving");
    awaitAsked(3);
    awaitInFlight(1);
    caller.close();
    awaitInFlight(0);

    model.release(2);
    assertThat(ask("after", "u=3").join().statusCode()).isEqualTo(200);
  }

  @Test
  void forgetsACallerThatHangsUpInTheQueue() throws Exception {
    CompletableFuture<HttpResponse<String>> running = ask("running", "u=3");
    awaitAsked(1);
    Socket caller = open("leaving");
    awaitWaiting("critical", 1);

    caller.close();
    awaitWaiting("critical", 0);

    model.release(1);
    assertThat(running.join().statusCode()).isEqualTo(200);
    assertThat(model.asked()).containsExactly("running");
  }

  @Test
  void refusesAtTheDoorWhatThisInstanceCannotHold() {
    List<CompletableFuture<HttpResponse<String>>> inside = new ArrayList<>();
    inside.add(ask("first", "u=3"));
    awaitAsked(1);
    for (int i = 0; i < 3; i++) {
      inside.add(ask("waiting", "u=3"));
    }
    awaitWaiting("critical", 3);
    // Two more bodies that do not come to an end fill the house without reaching the gate.
    try (Socket one = openUnfinished();
        Socket other = openUnfinished()) {
      assertThat(one.isConnected() && other.isConnected()).isTrue();
      RunningService.await("six inside", () -> service.metric("triage_door_in_flight") >= 6);
      HttpResponse<String> refused = ask("one too many", "u=0").join();
      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(refused.headers().firstValue("Triage-Reason")).hasValue("shed-pressure");
      assertThat(refused.headers().firstValue("Retry-After")).isPresent();
      assertThat(refused.headers().firstValue("Content-Type")).hasValue("application/json");
      assertThat(service.get("/v2/health/live").statusCode()).isEqualTo(200);
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
    model.release(4);
    inside.forEach(answer -> assertThat(answer.join().statusCode()).isEqualTo(200));
    RunningService.await("nobody inside", () -> service.metric("triage_door_in_flight") == 0);
  }

  @Test
  void refusesADeadlineThatCannotBeMetAndEndsOneThatPasses() {
    CompletableFuture<HttpResponse<String>> running = ask("running", "u=3");
    awaitAsked(1);
    HttpResponse<String> expired = service.post(INFER, "hasty", "Request-Timeout", "0.2");
    assertThat(expired.statusCode()).isEqualTo(504);
    assertThat(expired.headers().firstValue("Triage-Reason")).hasValue("deadline-exceeded");
    assertThat(expired.headers().firstValue("Retry-After")).isEmpty();
    model.release(1);
    assertThat(running.join().statusCode()).isEqualTo(200);

    HttpResponse<String> hung = service.post(INFER, "alone", "Request-Timeout", "0.2");
    assertThat(hung.statusCode()).isEqualTo(504);
    awaitInFlight(0);
    assertThat(service.post(INFER, "x", "Request-Timeout", "soon").statusCode()).isEqualTo(400);
  }

  @Test
  void anOperatorChangesALimitWhileItRuns() {
    CompletableFuture<HttpResponse<String>> first = ask("first", "u=3");
    awaitAsked(1);
    CompletableFuture<HttpResponse<String>> second = ask("second", "u=3");
    awaitWaiting("critical", 1);

    assertThat(limit("target=m-0&limit=2", service.token()).statusCode()).isEqualTo(403);
    assertThat(limit("target=m-9&limit=2", operator()).body()).contains("target: unknown");
    assertThat(limit("target=m-0&limit=none", operator()).body())
        .contains("limit: unknown (expected: 1 to 10000, or auto)");
    assertThat(limit("target=m-0&limit=2", operator()).body())
        .isEqualTo("{\"from\":\"1\",\"to\":\"2\",\"audit\":\"written\"}");

    awaitAsked(2);
    model.release(2);
    assertThat(first.join().statusCode()).isEqualTo(200);
    assertThat(second.join().statusCode()).isEqualTo(200);
    assertThat(
            service.count(
                "SELECT count(*) FROM audit_change WHERE setting = 'limit' AND target = 'm-0'"))
        .isOne();
  }

  private String operator() {
    return service.token("olga", Criticality.CRITICAL, Role.OPERATE);
  }

  private HttpResponse<String> limit(String query, String bearer) {
    return service.send(
        HttpRequest.newBuilder(service.admin("/tasks/limit?" + query))
            .header("Authorization", "Bearer " + bearer)
            .POST(BodyPublishers.noBody())
            .build());
  }

  private CompletableFuture<HttpResponse<String>> ask(String body, String priority) {
    return CompletableFuture.supplyAsync(
        () -> service.post(INFER, body, "Priority", priority), THREADS);
  }

  private Socket open(String body) throws java.io.IOException {
    return write(body.length(), body);
  }

  private Socket openUnfinished() throws java.io.IOException {
    return write(100, "unfinished");
  }

  private Socket write(int length, String body) throws java.io.IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port("application"));
    String head =
        "POST "
            + INFER
            + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
            + service.token()
            + "\r\nContent-Length: "
            + length
            + "\r\n\r\n";
    socket.getOutputStream().write((head + body).getBytes(StandardCharsets.US_ASCII));
    socket.getOutputStream().flush();
    return socket;
  }

  private void awaitAsked(int requests) {
    RunningService.await(requests + " asked", () -> model.asked().size() >= requests);
  }

  private void awaitWaiting(String criticality, int requests) {
    String line = "triage_waiting{criticality=\"" + criticality + "\",model=\"m\"}";
    RunningService.await(
        requests + " waiting as " + criticality, () -> service.metric(line) == requests);
  }

  private void awaitInFlight(int requests) {
    String line = "triage_in_flight{backend=\"m-0\",model=\"m\"}";
    RunningService.await(requests + " in flight", () -> service.metric(line) == requests);
  }
}
