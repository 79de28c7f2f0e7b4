package triage.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A backend that refuses Triage itself, and not what it is asked, goes out of rotation.
final class BackendFaultsIT {
  @TempDir Path folder;

  @Test
  void openItsBreakerWhoeverAsks() throws Exception {
    try (FakeModelServer server = new FakeModelServer();
        RunningService service =
            RunningService.start(
                folder,
                """
                models:
                  native: {breaker: {openFor: 10m}, backends: [{url: '%1$s'}]}
                  relayed: {breaker: {openFor: 10m}, backends: [{url: '%1$s'}]}
                  refusing: {breaker: {openFor: 10m}, backends: [{url: '%1$s'}]}
                """
                    .formatted(server.url()))) {
      server.release(1_000);
      server.answerWith(401);
      for (int i = 0; i < 10; i++) {
        int status = i < 5 ? 502 : 503;
        assertThat(analyse(service, "native").statusCode()).as("try %d", i).isEqualTo(status);
      }
      assertThat(analyse(service, "native").headers().firstValue("Triage-Reason"))
          .hasValue("breaker-open");

      server.answerWith(404);
      for (int i = 0; i < 10; i++) {
        HttpResponse<String> answer = service.post("/v2/models/relayed/infer", "{\"inputs\":[]}");
        assertThat(answer.statusCode()).as("try %d", i).isEqualTo(i < 5 ? 404 : 503);
      }

      server.answerWith(422);
      for (int i = 0; i < 12; i++) {
        assertThat(analyse(service, "refusing").statusCode()).as("try %d", i).isEqualTo(422);
      }
    }
  }

  private static HttpResponse<String> analyse(RunningService service, String model) {
    return service.post(
        "/api/v1/analyses",
        "{\"model\":\"%s\",\"study\":\"S-1\",\"input\":{\"inputs\":[]}}".formatted(model));
  }
}
