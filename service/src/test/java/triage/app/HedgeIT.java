package triage.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Requests that are sent to a second backend because the first has no byte of an answer for them.
final class HedgeIT {
  private static final String BODY = "{\"inputs\":[]}";
  private static final String INFER = "/v2/models/m/infer";
  private static final String HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

  @TempDir Path folder;
  private ScriptedServer slow;
  private ScriptedServer other;
  private RunningService service;

  @BeforeEach
  void start() throws Exception {
    slow = ScriptedServer.start();
    other = ScriptedServer.start();
    // Ten thousand times the weight: whatever can goes to the first.
    service =
        RunningService.start(
            folder,
            """
            models:
              m:
                hedge: {least: 500ms}
                breaker: {hungAfter: 20s}
                backends:
                  - {url: "%s", limit: 8, weight: 100}
                  - {url: "%s", limit: 8, weight: 0.01}
            """
                .formatted(slow.url(), other.url()));
    for (int i = 0; i < 48; i++) {
      assertThat(service.post(INFER, BODY).statusCode()).isEqualTo(200);
    }
    other.follow(ScriptedServer.answering(HEAD, "{\"of\":2}".getBytes(UTF_8)));
  }

  @AfterEach
  void stop() throws Exception {
    service.close();
    slow.close();
    other.close();
  }

  @Test
  void theFirstAnswerCountsAndTheOtherRequestIsCancelled() throws Exception {
    CompletableFuture<Boolean> cancelled = new CompletableFuture<>();
    slow.follow((_, wire) -> {
      cancelled.complete(wire.awaitClose());
      return false;
    });
    double hedgedBefore = metric("triage_hedges_total");
    HttpResponse<String> answer = service.post(INFER, BODY);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("{\"of\":2}");
    assertThat(answer.headers().firstValue("Triage-Backend")).hasValue("m-1");
    assertThat(answer.headers().firstValue("Triage-Attempts")).hasValue("2");
    assertThat(cancelled.get(20, TimeUnit.SECONDS)).isTrue();
    assertThat(metric("triage_hedges_total") - hedgedBefore).isEqualTo(1);
    assertThat(metric("triage_hedges_won_total")).isGreaterThanOrEqualTo(1);
    assertPermitsAreBack();
    RunningService.await(
        "the row names who answered",
        () ->
            service.count(
                    "select count(*) from triage.audit_exchange where backend = 'm-1' and verdict ="
                        + " 'served' and status = 200")
                >= 1);
  }

  @Test
  void theFirstMayAnswerWhereTheSecondFails() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    other.follow((_, wire) -> {
      wire.write("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
      asked.countDown();
      return true;
    });
    slow.follow((_, wire) -> {
      assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
      wire.write(HEAD + "Content-Length: 8\r\n\r\n{\"of\":1}");
      return true;
    });
    HttpResponse<String> answer = service.post(INFER, BODY);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("{\"of\":1}");
    assertThat(answer.headers().firstValue("Triage-Backend")).hasValue("m-0");
    assertPermitsAreBack();
  }

  @Test
  void theSecondMayAnswerWhereTheFirstFailsMeanwhile() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch failed = new CountDownLatch(1);
    other.follow((_, wire) -> {
      asked.countDown();
      assertThat(failed.await(20, TimeUnit.SECONDS)).isTrue();
      wire.write(HEAD + "Content-Length: 8\r\n\r\n{\"of\":2}");
      return true;
    });
    slow.follow((_, wire) -> {
      assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
      wire.write("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
      failed.countDown();
      return true;
    });
    HttpResponse<String> answer = service.post(INFER, BODY);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("{\"of\":2}");
    assertPermitsAreBack();
  }

  @Test
  void hedgesNoMoreThanTheBudgetHas() {
    slow.follow((_, wire) -> !wire.awaitClose());
    other.follow((_, wire) -> !wire.awaitClose());
    for (int i = 0; i < 7; i++) {
      assertThat(service.post(INFER, BODY, "Request-Timeout", "0.8").statusCode()).isIn(503, 504);
    }
    // A tenth of 48 and 7 requests, if all of them came within ten seconds.
    assertThat(metric("triage_hedges_total")).isBetween(1.0, 5.0);
    assertPermitsAreBack();
  }

  private double metric(String name) {
    return service.metric(name + "{model=\"m\"}");
  }

  private void assertPermitsAreBack() {
    for (int lane = 0; lane < 2; lane++) {
      String line = "triage_in_flight{backend=\"m-%d\",model=\"m\"}".formatted(lane);
      RunningService.await("the permits are back", () -> service.metric(line) == 0);
    }
  }
}
