package triage.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import triage.store.ExternalPostgres;

/// An instance whose clock is forty days behind the store's.
final class ClocksIT {
  private static final String ANALYSIS =
      "{\"model\":\"python\",\"study\":\"S-1\",\"input\":{\"inputs\":[]}}";

  @TempDir Path folder;

  @Test
  void theStoresClockSaysHowLongAJobIsKept() throws Exception {
    try (ExternalPostgres store = ExternalPostgres.start(folder.resolve("store"));
        FakeModelServer server = new FakeModelServer()) {
      try (RunningService service = start(server, store)) {
        service.execute(
            "CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql STABLE"
                + " AS $$ SELECT pg_catalog.now() + interval '40 d' $$");
        service.execute("ALTER ROLE CURRENT_USER SET search_path = public, pg_catalog");
      }
      try (RunningService service = start(server, store)) {
        server.release(3);
        HttpResponse<String> atOnce = service.post("/api/v1/analyses", ANALYSIS);
        assertThat(atOnce.statusCode()).as(atOnce.body()).isEqualTo(200);
        HttpResponse<String> later =
            service.post("/api/v1/analyses", ANALYSIS, "Prefer", "respond-async");
        assertThat(ended(service, later)).contains("\"state\":\"done\"");

        // Once one that is old has been deleted, so would be the others.
        HttpResponse<String> old = service.post("/api/v1/analyses", ANALYSIS);
        String id = new ObjectMapper().readTree(old.body()).at("/id").textValue();
        service.execute(
            "UPDATE jobs SET finished_at = now() - interval '31 d' WHERE id = '" + id + "'");
        RunningService.await(
            "deleted",
            () -> service.count("SELECT count(*) FROM jobs WHERE id = '" + id + "'") == 0);
        assertThat(service.count("SELECT count(*) FROM jobs")).isEqualTo(2);
        assertThat(ended(service, atOnce)).isEqualTo(atOnce.body());
        assertThat(ended(service, later)).contains("\"state\":\"done\"");
      }
    }
  }

  private static String ended(RunningService service, HttpResponse<String> submitted) {
    String path = submitted.headers().firstValue("Location").orElseThrow();
    return service.send(service.request(path).header("Prefer", "wait=20").GET().build()).body();
  }

  private RunningService start(FakeModelServer server, ExternalPostgres store) throws Exception {
    Path home = Files.createDirectories(folder.resolve("one"));
    return RunningService.start(
        home,
        """
        models: {python: {backends: [{url: '%s'}]}}
        identity: {secretFile: '%s'}
        """
            .formatted(server.url(), home.resolve("data/token.secret")),
        store.settings());
  }
}
