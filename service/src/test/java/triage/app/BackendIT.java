package triage.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The real Python model server behind Triage: right answers, and a world that fails.
final class BackendIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String INFER = "/v2/models/breast-cancer/infer";
  private static final Executor THREADS = command -> Thread.startVirtualThread(command);

  @TempDir Path folder;

  /// The variant is `sklearn` where TRIAGE_PYTHON names an interpreter that has scikit-learn.
  @ParameterizedTest
  @ValueSource(strings = {"stdlib", "auto"})
  void givesTheGoldenRowsThroughThePythonServer(String variant) throws Exception {
    JsonNode golden = golden();
    try (PythonServer python = PythonServer.start(0, "--variant", variant);
        RunningService service = before(python.url(), "")) {
      if (variant.equals("auto") && System.getenv("TRIAGE_PYTHON") != null) {
        assertThat(python.variant()).isEqualTo("variant=sklearn");
      }
      HttpResponse<String> batch = service.post(INFER, request("[20,30]", golden.get("x")));
      assertThat(batch.statusCode()).isEqualTo(200);
      for (int row = 0; row < 20; row++) {
        HttpResponse<String> single =
            service.post(INFER, request("[1,30]", golden.get("x").get(row)));
        assertThat(single.statusCode()).isEqualTo(200);
        for (int column = 0; column < 2; column++) {
          double expected = golden.get("probability").get(row).get(column).doubleValue();
          assertThat(data(single).get(column).doubleValue()).isCloseTo(expected, within(1e-5));
          assertThat(data(batch).get(2 * row + column).doubleValue())
              .isCloseTo(expected, within(1e-5));
        }
        assertThat(single.headers().firstValue("Triage-Backend")).hasValue("breast-cancer-0");
      }
      assertThat(JSON.readTree(service.get("/v2/models/breast-cancer").body()).get("inputs"))
          .hasSize(1);
    }
  }

  @Test
  void relaysTheModelsOwnRefusalAndLargeBodies() throws Exception {
    try (PythonServer python =
            PythonServer.start(0, "--variant", "stdlib", "--body-bytes-max", "8000000");
        RunningService service = before(python.url(), "")) {
      HttpResponse<String> refused = service.post(INFER, "{\"inputs\":[]}");
      assertThat(refused.statusCode()).isEqualTo(400);
      assertThat(JSON.readTree(refused.body()).get("error").isTextual()).isTrue();

      JsonNode row = golden().get("x").get(0);
      String values = row.toString().substring(1, row.toString().length() - 1);
      int rows = 10_000;
      String many = String.join(",", java.util.Collections.nCopies(rows, values));
      HttpResponse<String> large =
          service.post(
              INFER,
              "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":["
                  + rows
                  + ",30],\"data\":["
                  + many
                  + "]}]}");
      assertThat(large.statusCode()).isEqualTo(200);
      assertThat(data(large)).hasSize(2 * rows);
    }
  }

  @Test
  void saysThatNobodyIsThereThenOpensTheBreakerThenRampsUpByItself() throws Exception {
    HeldPort port = new HeldPort();
    PythonServer first = PythonServer.start(port.number(), "--variant", "stdlib");
    try (port;
        RunningService service = before(first.url(), "breaker: {openFor: 500ms}")) {
      first.kill();
      List<String> reasons = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        HttpResponse<String> answer = service.post(INFER, row());
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.headers().firstValueAsLong("Retry-After").orElse(0)).isPositive();
        reasons.add(answer.headers().firstValue("Triage-Reason").orElse(""));
      }
      assertThat(reasons.getFirst()).isEqualTo("no-backend");
      assertThat(reasons.getLast()).isEqualTo("breaker-open");
      assertThat(service.send(adminGet(service, "/healthcheck")).statusCode()).isEqualTo(500);
      assertThat(service.send(adminGet(service, "/ready")).statusCode()).isEqualTo(503);

      try (PythonServer again = PythonServer.start(port.number(), "--variant", "stdlib")) {
        assertThat(again.port()).isEqualTo(port.number());
        RunningService.await("served again", () -> service.post(INFER, row()).statusCode() == 200);
        String limit = "triage_limit{backend=\"breast-cancer-0\",model=\"breast-cancer\"}";
        assertThat(service.metric(limit)).isLessThan(8);
        RunningService.await(
            "the limit has grown back",
            () -> service.post(INFER, row()).statusCode() == 200 && service.metric(limit) == 8);
      }
    } finally {
      first.close();
    }
  }

  @Test
  void opensTheBreakerOfABackendThatHangs() throws Exception {
    try (PythonServer python = PythonServer.start(0, "--variant", "stdlib");
        RunningService service = before(python.url(), "breaker: {openFor: 500ms}")) {
      // The first answer may have been slow; the breaker forgets that by and by.
      for (int i = 0; i < 60; i++) {
        assertThat(service.post(INFER, row()).statusCode()).isEqualTo(200);
      }
      python.freeze();
      List<CompletableFuture<HttpResponse<String>>> hung = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        hung.add(
            CompletableFuture.supplyAsync(
                () -> service.post(INFER, row(), "Request-Timeout", "1.2"), THREADS));
      }
      for (CompletableFuture<HttpResponse<String>> answer : hung) {
        assertThat(answer.join().statusCode()).isEqualTo(504);
        assertThat(answer.join().headers().firstValue("Triage-Reason"))
            .hasValue("deadline-exceeded");
      }
      HttpResponse<String> after = service.post(INFER, row(), "Request-Timeout", "1.2");
      assertThat(after.headers().firstValue("Triage-Reason")).hasValue("breaker-open");

      python.thaw();
      RunningService.await("served again", () -> service.post(INFER, row()).statusCode() == 200);
    }
  }

  @Test
  void keepsTheBreakerClosedForABackendThatIsSlowButAlive() throws Exception {
    try (PythonServer python =
            PythonServer.start(0, "--variant", "stdlib", "--delay-ms", "300", "--workers", "2");
        RunningService service = before(python.url(), "breaker: {openFor: 500ms}")) {
      List<CompletableFuture<HttpResponse<String>>> asked = new ArrayList<>();
      for (int i = 0; i < 24; i++) {
        asked.add(
            CompletableFuture.supplyAsync(
                () -> service.post(INFER, row(), "Request-Timeout", "1.0"), THREADS));
      }
      List<Integer> statuses = asked.stream().map(answer -> answer.join().statusCode()).toList();
      assertThat(statuses).contains(200).isSubsetOf(200, 503, 504);
      String open = "triage_in_rotation{backend=\"breast-cancer-0\",model=\"breast-cancer\"}";
      assertThat(service.metric(open)).isEqualTo(1);
      assertThat(service.post(INFER, row()).statusCode()).isEqualTo(200);
    }
  }

  private RunningService before(String url, String more) throws Exception {
    return RunningService.start(
        folder,
        """
        models:
          breast-cancer:
            %s
            backends: [{url: "%s", limit: 8}]
        """
            .formatted(more, url));
  }

  private static java.net.http.HttpRequest adminGet(RunningService service, String path) {
    return java.net.http.HttpRequest.newBuilder(service.admin(path)).GET().build();
  }

  private static JsonNode golden() throws IOException {
    return JSON.readTree(
        Path.of(
                System.getProperty("triage.home"),
                "examples",
                "models",
                "breast-cancer.golden.json")
            .toFile());
  }

  private static String row() {
    try {
      return request("[1,30]", golden().get("x").get(0));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static JsonNode data(HttpResponse<String> answer) throws IOException {
    return JSON.readTree(answer.body()).get("outputs").get(0).get("data");
  }

  private static String request(String shape, JsonNode data) {
    return "{\"inputs\":[{\"name\":\"x\",\"shape\":"
        + shape
        + ",\"datatype\":\"FP64\",\"data\":"
        + data
        + "}]}";
  }
}
