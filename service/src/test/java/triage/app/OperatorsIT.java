package triage.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import triage.admission.Criticality;
import triage.identity.Role;

/// The admin port: what operators see, and what takes a token.
final class OperatorsIT {
  @TempDir static Path folder;
  private static RunningService service;

  @BeforeAll
  static void start() throws Exception {
    service = RunningService.start(folder, "");
  }

  @AfterAll
  static void stop() throws Exception {
    service.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/live | {\"live\":true}",
        "/ready | {\"ready\":true}",
        "/healthcheck | \"store\":{\"healthy\":true",
        "/healthcheck | \"backends\":{\"healthy\":true",
        "/healthcheck | \"clock\":{\"healthy\":true",
        "/metrics | triage_limit{backend=\"breast-cancer-0\",model=\"breast-cancer\"}",
        "/metrics | jvm_memory_used_bytes",
        "/metrics.json | \"gauges\"",
        "/metrics.json | triage.breast-cancer.in-flight",
      })
  void readsAreOpenOnThisMachine(String path, String expected) {
    HttpResponse<String> answer =
        service.send(HttpRequest.newBuilder(service.admin(path)).GET().build());
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).contains(expected);
  }

  @Test
  void changesTakeATokenWithTheRoleOperate() {
    String change = "/tasks/log-level?logger=triage.x&level=WARN";
    assertThat(post(change, null).statusCode()).isEqualTo(401);
    assertThat(post(change, service.token()).statusCode()).isEqualTo(403);
    String operator = service.token("operator", Criticality.CRITICAL, Role.OPERATE);
    HttpResponse<String> done = post(change, operator);
    assertThat(done.statusCode()).isEqualTo(200);
    assertThat(done.body()).contains("triage.x").contains("WARN");
    HttpResponse<String> dump = post("/tasks/thread-dump", operator);
    assertThat(dump.statusCode()).isEqualTo(200);
    assertThat(dump.body()).contains("store-writer");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/threads", "/%74hreads", "/pprof", "/threads/"})
  void dumpsTakeATokenHoweverTheirPathIsSpelt(String path) throws Exception {
    String head = "GET " + path + " HTTP/1.1\r\nHost: localhost:" + service.port("admin") + "\r\n";
    assertThat(raw(head)).startsWith("HTTP/1.1 401");
    String operator = service.token("operator", Criticality.CRITICAL, Role.OPERATE);
    assertThat(
            raw(
                "GET /threads HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                    + operator
                    + "\r\n"))
        .startsWith("HTTP/1.1 200");
  }

  @Test
  void aPageOfAnotherSiteReachesNothing() throws Exception {
    assertThat(raw("GET /metrics HTTP/1.1\r\nHost: evil.example\r\n")).startsWith("HTTP/1.1 403");
    int port = service.port("admin");
    assertThat(
            raw(
                "GET /metrics HTTP/1.1\r\nHost: localhost:"
                    + port
                    + "\r\nOrigin: http://evil.example\r\n"))
        .startsWith("HTTP/1.1 403");
    assertThat(
            raw(
                "GET /metrics HTTP/1.1\r\nHost: localhost:"
                    + port
                    + "\r\nOrigin: http://localhost:"
                    + port
                    + "\r\n"))
        .startsWith("HTTP/1.1 200");
  }

  private static String raw(String head) throws Exception {
    return RawHttp.send(service.port("admin"), head + "Connection: close\r\n\r\n");
  }

  private static HttpResponse<String> post(String path, String token) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(service.admin(path)).POST(HttpRequest.BodyPublishers.noBody());
    if (token != null) {
      request.header("Authorization", "Bearer " + token);
    }
    return service.send(request.build());
  }
}
