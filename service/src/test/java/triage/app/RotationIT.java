package triage.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import triage.Received;
import triage.admission.Criticality;
import triage.identity.Role;

/// Which backends take requests: what operators drain, what says that it is not ready, and what
/// `/backends` tells of it.
final class RotationIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String INFER = "/v2/models/m/infer";
  private static final String EVENT = "data: {\"choices\":[]}\n\n";
  private static final String BODY = "{\"inputs\":[]}";

  private static final String LABELS = "{backend=\"m-0\",model=\"m\"}";
  private static final ScriptedServer.Script SERVES =
      ScriptedServer.answering("HTTP/1.1 200 OK\r\n", new byte[] {'{', '}'});
  private static final ScriptedServer.Script REFUSES =
      ScriptedServer.answering("HTTP/1.1 503 Busy\r\n", new byte[0]);

  @TempDir Path folder;

  @Test
  void anOperatorDrainsABackendAndTakesItBack() throws Exception {
    try (FaultyModelServer one = new FaultyModelServer();
        FaultyModelServer two = new FaultyModelServer();
        RunningService service = start(one, two, "")) {
      assertThat(service.send(change(service, "rotation=drained", service.token())).statusCode())
          .isEqualTo(403);
      String operator = service.token("olga", Criticality.CRITICAL, Role.OPERATE);
      HttpResponse<String> drained = service.send(change(service, "rotation=drained", operator));
      assertThat(drained.body())
          .isEqualTo("{\"from\":\"in\",\"to\":\"drained\",\"audit\":\"written\"}");
      for (int i = 0; i < 20; i++) {
        assertThat(service.post(INFER, BODY).headers().firstValue("Triage-Backend"))
            .hasValue("m-1");
      }
      assertThat(one.inferences()).isZero();
      JsonNode seen = backend(service, 0);
      assertThat(seen.get("state").textValue()).isEqualTo("drained");
      assertThat(seen.get("draining").booleanValue()).isTrue();
      assertThat(seen.get("because").get(0).textValue()).isEqualTo("draining");
      assertThat(seen.get("breaker").textValue()).isEqualTo("closed");
      assertThat(seen.get("url").textValue()).isEqualTo(one.url());
      assertThat(backend(service, 1).get("state").textValue()).isEqualTo("in-rotation");
      assertThat(backend(service, 1).get("attempts").longValue()).isEqualTo(20);

      service.send(change(service, "rotation=in", operator));
      assertThat(backend(service, 0).get("state").textValue()).isEqualTo("in-rotation");
      assertThat(backend(service, 0).get("limit").intValue()).isEqualTo(1);
      assertThat(backend(service, 0).get("jobLimit").intValue()).isEqualTo(1);
      RunningService.await(
          "served by both",
          () -> service.post(INFER, BODY).statusCode() == 200 && one.inferences() > 0);
      assertThat(service.count("select count(*) from audit_change where setting = 'rotation'"))
          .isEqualTo(2);
      assertThat(service.send(change(service, "rotation=away", operator)).statusCode())
          .isEqualTo(400);
    }
  }

  /// Each stream lasts until the test is over.
  @Test
  void aBackendThatIsTakenBackWithStreamsInFlightTakesMore() throws Exception {
    ScriptedServer.Script streams =
        (_, wire) -> {
          wire.write(
              "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                  + "Transfer-Encoding: chunked\r\n\r\n");
          wire.chunk(EVENT).awaitClose();
          return false;
        };
    try (ScriptedServer server = ScriptedServer.start(streams);
        RunningService service = before(server, ", limit: 50")) {
      List<InputStream> open = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        open.add(begun(service));
      }
      String operator = service.token("olga", Criticality.CRITICAL, Role.OPERATE);
      service.send(change(service, "rotation=drained", operator));
      service.send(change(service, "rotation=in", operator));
      assertThat(backend(service, 0).get("limit").intValue()).isEqualTo(4);
      for (int i = 0; i < 7; i++) {
        open.add(begun(service));
      }
      assertThat(backend(service, 0).get("inFlight").intValue()).isEqualTo(10);
      assertThat(backend(service, 0).get("limit").intValue()).isEqualTo(18);
      for (InputStream stream : open) {
        stream.close();
      }
    }
  }

  /// Gives a stream of events that has begun.
  private static InputStream begun(RunningService service) throws Exception {
    HttpRequest request =
        service
            .request("/v1/chat/completions")
            .header("Request-Timeout", "20")
            .POST(HttpRequest.BodyPublishers.ofString("{\"model\":\"m\",\"stream\":true}"))
            .build();
    HttpResponse<InputStream> answer = service.stream(request);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(Received.until(answer.body(), EVENT)).isEqualTo(EVENT);
    return answer.body();
  }

  @Test
  void aBackendThatIsNotReadyIsOutOfRotationUntilItIs() throws Exception {
    try (FaultyModelServer one = new FaultyModelServer();
        FaultyModelServer two = new FaultyModelServer();
        RunningService service = start(one, two, ", health: {interval: 100ms}")) {
      one.ready(false);
      RunningService.await("out", () -> state(service, 0).equals("out-of-rotation"));
      assertThat(service.metric("triage_in_rotation{backend=\"m-0\",model=\"m\"}")).isZero();
      int before = one.inferences();
      for (int i = 0; i < 20; i++) {
        assertThat(service.post(INFER, BODY).statusCode()).isEqualTo(200);
      }
      assertThat(one.inferences()).isEqualTo(before);
      one.ready(true);
      RunningService.await("in again", () -> state(service, 0).equals("in-rotation"));
      assertThat(two.probes()).isPositive();
    }
  }

  @Test
  void aBackendIsNotAskedWithoutBeingToldTo() throws Exception {
    try (FaultyModelServer one = new FaultyModelServer();
        FaultyModelServer two = new FaultyModelServer();
        RunningService service = start(one, two, "")) {
      assertThat(service.post(INFER, BODY).statusCode()).isEqualTo(200);
      assertThat(one.probes() + two.probes()).isZero();
    }
  }

  @Test
  void tellsWhatABackendRefusesAndWhatIsWithheldForIt() throws Exception {
    try (ScriptedServer slow =
            ScriptedServer.start((asked, wire) -> {
              // A usual time that is long enough for all to be read before the permit is free.
              new CountDownLatch(1).await(1, TimeUnit.SECONDS);
              return SERVES.answer(asked, wire);
            });
        RunningService service = before(slow, ", limit: 8")) {
      assertThat(service.post(INFER, BODY).statusCode()).isEqualTo(200);
      slow.follow(REFUSES);
      RunningService.await(
          "seen while it is withheld",
          () -> {
            service.post(INFER, BODY);
            return service.metric("triage_withheld" + LABELS) > 0
                && backend(service, 0).get("withheld").intValue() > 0
                && !service
                    .send(HttpRequest.newBuilder(service.admin("/metrics.json")).GET().build())
                    .body()
                    .contains("\"triage.m.withheld\":{\"value\":0");
          });
      assertThat(service.metric("triage_backend_refusals_total" + LABELS))
          .isEqualTo(backend(service, 0).get("refusals").intValue())
          .isPositive();
      assertThat(backend(service, 0).get("refusalBound").isNull()).isTrue();
    }
  }

  @Test
  void tellsWhatRefusalsBindALimitTo() throws Exception {
    try (ScriptedServer server = ScriptedServer.start();
        RunningService service = before(server, "")) {
      for (int i = 0; i < 50; i++) {
        assertThat(service.post(INFER, BODY).statusCode()).isEqualTo(200);
      }
      assertThat(backend(service, 0).get("refusalBound").isNull()).isTrue();
      server.follow(REFUSES);
      RunningService.await(
          "bound by refusals",
          () -> {
            service.post(INFER, BODY);
            return service.metric("triage_refusal_bound" + LABELS) > 0;
          });
      assertThat(backend(service, 0).get("refusalBound").doubleValue()).isPositive();
    }
  }

  private RunningService before(ScriptedServer server, String more) throws Exception {
    return RunningService.start(
        folder, "models: {m: {backends: [{url: \"%s\"%s}]}}\n".formatted(server.url(), more));
  }

  private RunningService start(FaultyModelServer one, FaultyModelServer two, String more)
      throws Exception {
    return RunningService.start(
        folder,
        """
        models:
          m:
            backends:
              - {url: "%s", limit: 8%s}
              - {url: "%s", limit: 8%s}
        """
            .formatted(one.url(), more, two.url(), more));
  }

  private static HttpRequest change(RunningService service, String query, String token) {
    URI uri = service.admin("/tasks/rotation?target=m-0&" + query);
    return HttpRequest.newBuilder(uri)
        .header("Authorization", "Bearer " + token)
        .POST(HttpRequest.BodyPublishers.noBody())
        .build();
  }

  private static JsonNode backend(RunningService service, int lane) {
    HttpResponse<String> answer =
        service.send(HttpRequest.newBuilder(service.admin("/backends")).GET().build());
    assertThat(answer.statusCode()).isEqualTo(200);
    try {
      return JSON.readTree(answer.body()).get("models").get(0).get("backends").get(lane);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String state(RunningService service, int lane) {
    return backend(service, lane).get("state").textValue();
  }
}
