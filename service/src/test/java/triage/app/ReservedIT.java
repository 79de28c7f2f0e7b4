package triage.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import triage.admission.Criticality;
import triage.identity.Role;

/// What the front door lets in all the same, because it is answered later.
final class ReservedIT {
  private static final String ANALYSES = "/api/v1/analyses";
  private static final String BATCHES = "/api/v1/batches";
  private static final String INFER = "/v2/models/m/infer";
  private static final String INPUT = "{\"inputs\":[]}";
  private static final String ANALYSIS =
      "{\"model\":\"m\",\"study\":\"S-1\",\"input\":" + INPUT + "}";
  private static final String ASYNC = "respond-async";

  @TempDir Path folder;
  private FakeModelServer model;
  private RunningService service;
  private final Map<String, String> tokens = new HashMap<>();

  @BeforeEach
  void start() throws Exception {
    model = new FakeModelServer();
    start("60s");
  }

  private void start(String grace) throws Exception {
    service =
        RunningService.startServer(
            folder,
            "pace: {grace: " + grace + ", writes: {idleTimeout: 60s}}",
            """
            models: {m: {backends: [{url: '%s', limit: 8}]}}
            door: {inFlightMax: 1, reserved: 5}
            analysis: {defaultPrefer: {patient: "respond-async, wait=20"}}
            """
                .formatted(model.url()));
    for (String caller : List.of("a", "b", "c", "d", "e", "patient")) {
      assertThat(service.send(to("/openapi.json", caller, "u=7").build()).statusCode())
          .isEqualTo(200);
      // Who has its answer may not have been counted out yet, and is in the next one's place.
      awaitEmpty();
    }
  }

  private void awaitEmpty() {
    RunningService.await("empty", () -> service.metric("triage_door_in_flight") == 0);
  }

  @AfterEach
  void stop() throws Exception {
    model.release(1_000);
    service.close();
    model.close();
  }

  @Test
  void takesWhatIsAnsweredLaterWhereTheHouseIsFull() throws Exception {
    try (Socket full = unfinished(INFER, "a")) {
      RunningService.await("full", () -> service.metric("triage_door_in_flight") == 1);

      assertShed(post(ANALYSES, ANALYSIS, "a", ""), "shed-pressure");
      assertShed(post(INFER, INPUT, "a", ""), "shed-pressure");
      // Nobody knows this caller yet.
      assertShed(post(ANALYSES, ANALYSIS, "stranger", ASYNC), "shed-pressure");
      // What quotes the word does not say it.
      assertShed(post(ANALYSES, ANALYSIS, "a", "\"respond-async\""), "shed-pressure");

      assertThat(post(ANALYSES, ANALYSIS, "a", ASYNC).statusCode()).isEqualTo(202);
      assertThat(post(INFER, INPUT, "a", ASYNC).statusCode()).isEqualTo(202);
      assertThat(post(BATCHES, ANALYSIS + "\n" + ANALYSIS, "a", "").statusCode()).isEqualTo(202);
      // The model answers nobody yet: whoever waited for it would hold up others.
      assertThat(post(ANALYSES, ANALYSIS, "a", "respond-async, wait=20").statusCode())
          .isEqualTo(202);
      assertThat(post(ANALYSES, ANALYSIS, "patient", "").statusCode()).isEqualTo(202);
      assertThat(service.metric("triage_door_reserve_admitted_total")).isEqualTo(5);
      assertThat(service.count("SELECT count(*) FROM jobs")).isEqualTo(6);
    }
    awaitEmpty();
    assertThat(service.metric("triage_door_reserve_in_flight")).isZero();
  }

  @Test
  void leavesPlacesToOthersAndToTheMostCritical() throws Exception {
    List<Socket> held = new ArrayList<>();
    try (Socket full = unfinished(INFER, "a")) {
      RunningService.await("full", () -> service.metric("triage_door_in_flight") == 1);
      held.add(unfinished(ANALYSES, "a"));
      awaitHeld(1);
      assertShed(post(ANALYSES, ANALYSIS, "a", ASYNC), "intake-full");
      for (String caller : List.of("b", "c", "d")) {
        held.add(unfinished(ANALYSES, caller));
      }
      awaitHeld(4);
      assertShed(post(ANALYSES, ANALYSIS, "e", ASYNC), "intake-full");
      assertThat(
              service
                  .send(
                      to(ANALYSES, "e", "u=0")
                          .header("Prefer", ASYNC)
                          .POST(BodyPublishers.ofString(ANALYSIS))
                          .build())
                  .statusCode())
          .isEqualTo(202);
    } finally {
      for (Socket socket : held) {
        socket.close();
      }
    }
    awaitHeld(0);
  }

  @Test
  void givesThePlaceOfABatchToTheNextOneOnceItHasBegun() throws Exception {
    List<Socket> held = new ArrayList<>();
    try (Socket full = unfinished(INFER, "a")) {
      RunningService.await("full", () -> service.metric("triage_door_in_flight") == 1);
      // More of one caller than it has places, and more than there are.
      for (int i = 1; i <= 6; i++) {
        held.add(unfinished(BATCHES, "a"));
        int inside = 1 + i;
        RunningService.await(
            "begun",
            () ->
                service.metric("triage_door_in_flight") == inside
                    && service.metric("triage_door_reserve_in_flight") == 0);
      }
      assertThat(post(ANALYSES, ANALYSIS, "a", ASYNC).statusCode()).isEqualTo(202);
    } finally {
      for (Socket socket : held) {
        socket.close();
      }
    }
    awaitEmpty();
    assertThat(service.metric("triage_door_reserve_in_flight")).isZero();
  }

  @Test
  void holdsNoPlaceForABodyThatIsLong() throws Exception {
    service.close();
    start("1s");
    CompletableFuture<HttpResponse<String>> full =
        CompletableFuture.supplyAsync(() -> post(INFER, INPUT, "a", ""));
    RunningService.await("full", () -> model.underWay() == 1);
    try (Socket slow = unfinished(ANALYSES, "b", 1_000_000)) {
      // At 1 KiB a second that would be enough for 20 s.
      slow.getOutputStream().write(new byte[20_480]);
      slow.getOutputStream().flush();

      assertThat(new String(slow.getInputStream().readAllBytes(), UTF_8))
          .startsWith("HTTP/1.1 408")
          .contains("all of it within 1000 ms");
    }
    awaitHeld(0);
    model.release(1);
    assertThat(full.join().statusCode()).isEqualTo(200);
  }

  private void awaitHeld(int places) {
    RunningService.await(
        places + " places held", () -> service.metric("triage_door_reserve_in_flight") == places);
  }

  private static void assertShed(HttpResponse<String> answer, String reason) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(503);
    assertThat(answer.headers().firstValue("Triage-Reason")).hasValue(reason);
    assertThat(answer.headers().firstValue("Retry-After")).isPresent();
    assertThat(answer.body()).contains("\"reason\":\"" + reason + "\"");
  }

  private HttpResponse<String> post(String path, String body, String caller, String prefer) {
    HttpRequest.Builder request = to(path, caller, "u=7").POST(BodyPublishers.ofString(body));
    return service.send((prefer.isEmpty() ? request : request.header("Prefer", prefer)).build());
  }

  private HttpRequest.Builder to(String path, String caller, String priority) {
    return HttpRequest.newBuilder(service.api(path))
        .header("Authorization", "Bearer " + token(caller))
        .header("Priority", priority);
  }

  private String token(String caller) {
    return tokens.computeIfAbsent(
        caller, name -> service.token(name, Criticality.CRITICAL_PLUS, Role.REQUEST, Role.READ));
  }

  /// Begins a request and leaves it open.
  private Socket unfinished(String path, String caller) throws Exception {
    return unfinished(path, caller, 1_000);
  }

  private Socket unfinished(String path, String caller, int length) throws Exception {
    Socket socket = new Socket("127.0.0.1", service.port("application"));
    String head =
        "POST "
            + path
            + " HTTP/1.1\r\nHost: t\r\nPriority: u=7\r\n"
            + (path.equals(ANALYSES) ? "Prefer: respond-async\r\n" : "")
            + "Content-Length: "
            + length
            + "\r\nAuthorization: Bearer "
            + token(caller)
            + "\r\n\r\n";
    socket.getOutputStream().write(head.getBytes(UTF_8));
    socket.getOutputStream().flush();
    return socket;
  }
}
