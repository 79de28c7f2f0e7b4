package triage.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import triage.store.ExternalPostgres;

/// Two instances on one external PostgreSQL: what one accepts, both work on and both can tell of.
final class SharedStoreIT {
  private static final String ANALYSIS =
      "{\"model\":\"python\",\"study\":\"S-1\",\"input\":{\"inputs\":[]}}";

  @TempDir Path folder;

  @Test
  void shareTheirJobs() throws Exception {
    Path secret = folder.resolve("one/data/token.secret");
    try (ExternalPostgres store = ExternalPostgres.start(folder.resolve("store"));
        FakeModelServer server = new FakeModelServer();
        RunningService one = start("one", secret, server, store);
        RunningService two = start("two", secret, server, store)) {
      List<HttpResponse<String>> accepted = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        accepted.add(one.post("/api/v1/analyses", ANALYSIS, "Prefer", "respond-async"));
        assertThat(accepted.getLast().statusCode()).isEqualTo(202);
      }

      // The second has learnt of them, and holds its own one.
      RunningService.await("one each", () -> server.underWay() == 2);
      assertThat(one.count("SELECT count(DISTINCT owner) FROM jobs WHERE state = 'running'"))
          .isEqualTo(2);
      assertThat(one.count("SELECT count(*) FROM jobs WHERE state = 'waiting'")).isEqualTo(4);

      server.release(6);
      for (HttpResponse<String> job : accepted) {
        String path = job.headers().firstValue("Location").orElseThrow();
        HttpRequest wait =
            HttpRequest.newBuilder(two.api(path))
                .header("Authorization", "Bearer " + one.token())
                .header("Prefer", "wait=20")
                .build();
        assertThat(two.send(wait).body()).contains("\"state\":\"done\"");
      }
      assertThat(server.asked()).hasSize(6);
    }
  }

  private RunningService start(
      String name, Path secret, FakeModelServer server, ExternalPostgres store) throws Exception {
    return RunningService.start(
        Files.createDirectories(folder.resolve(name)),
        """
        models: {python: {backends: [{url: '%s', limit: 1}]}}
        identity: {secretFile: '%s'}
        """
            .formatted(server.url(), secret),
        store.settings());
  }
}
