package triage.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import triage.store.ExternalPostgres;

/// The service while its PostgreSQL is away, and with one that is not its own.
final class StoreOutageIT {
  private static final String INFER = "/v2/models/breast-cancer/infer";

  @TempDir Path folder;

  @Test
  void answersWhatIsCommittedThoughItCannotBeReadBack() throws Exception {
    Path home = Files.createDirectories(folder.resolve("one"));
    try (ExternalPostgres store = ExternalPostgres.start(folder.resolve("store"));
        FakeModelServer server = new FakeModelServer();
        RunningService service =
            RunningService.start(
                home,
                """
                models: {python: {backends: [{url: '%s'}]}}
                identity: {secretFile: '%s'}
                """
                    .formatted(server.url(), home.resolve("data/token.secret")),
                store.settings())) {
      server.release(1);
      String asOwner = "SET ROLE NONE; %s SELECT ON triage.jobs %s triage_app; SET ROLE triage_app";
      service.execute(asOwner.formatted("REVOKE", "FROM"));
      HttpResponse<String> answer;
      try {
        answer =
            service.post(
                "/api/v1/analyses",
                "{\"model\":\"python\",\"study\":\"S-1\",\"input\":{\"inputs\":[]}}");
      } finally {
        service.execute(asOwner.formatted("GRANT", "TO"));
      }

      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      assertThat(answer.body()).contains("\"state\":\"done\"", "\"result\":{\"outputs\":[]}");
      String kept = service.get(answer.headers().firstValue("Location").orElseThrow()).body();
      String times = "\"(createdAt|finishedAt)\":\"[^\"]*\"";
      assertThat(answer.body().replaceAll(times, "")).isEqualTo(kept.replaceAll(times, ""));
    }
  }

  @Test
  void answersWhileTheAuditBufferHasRoomThenRefusesAndLosesNoRow() throws Exception {
    try (RunningService service = RunningService.start(folder, "audit: {bufferRows: 5}\n")) {
      assertThat(service.post(INFER, "{}").statusCode()).isEqualTo(400);
      RunningService.await("written", () -> service.metric("triage_audit_written_total") == 1);

      int answered = 1;
      List<Long> stopped = stopStore();
      try {
        long began = System.nanoTime();
        HttpResponse<String> health =
            service.send(HttpRequest.newBuilder(service.admin("/healthcheck")).GET().build());
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(10));
        assertThat(health.statusCode()).isEqualTo(500);
        assertThat(health.body()).contains("\"store\":{\"healthy\":false");

        HttpResponse<String> last = service.post(INFER, "{}");
        while (last.statusCode() == 400) {
          answered++;
          last = service.post(INFER, "{}");
        }
        assertThat(last.statusCode()).isEqualTo(503);
        assertThat(last.headers().firstValue("Triage-Reason")).hasValue("shed-pressure");
        assertThat(last.headers().firstValue("Retry-After")).isPresent();
        assertThat(answered).isBetween(6, 7);
      } finally {
        signal("CONT", stopped);
      }

      int expected = answered;
      RunningService.await(
          "every row written", () -> service.metric("triage_audit_written_total") == expected);
      assertThat(service.post(INFER, "{}").statusCode()).isEqualTo(400);
      RunningService.await(
          "one more", () -> service.metric("triage_audit_written_total") == expected + 1);
      assertThat(service.count("SELECT count(*) FROM audit_exchange")).isEqualTo(expected + 1);
      assertThat(service.count("SELECT count(*) FROM audit_gap")).isZero();
    }
  }

  @Test
  void takesNothingInWhileTheStoreHangsAndGoesOnAfterwards() throws Exception {
    String analysis = "{\"model\":\"python\",\"study\":\"S-1\",\"input\":{\"inputs\":[]}}";
    try (FakeModelServer server = new FakeModelServer();
        RunningService service =
            RunningService.start(
                folder, "models: {python: {backends: [{url: '%s'}]}}".formatted(server.url()))) {
      List<Long> stopped = stopStore();
      try {
        for (String[] headers :
            List.of(
                new String[] {"Idempotency-Key", "k-1"},
                new String[] {"Prefer", "respond-async"},
                new String[] {"Prefer", "respond-async", "Idempotency-Key", "k-2"})) {
          HttpResponse<String> refused = service.post("/api/v1/analyses", analysis, headers);
          assertThat(refused.statusCode()).isEqualTo(503);
          assertThat(refused.headers().firstValue("Triage-Reason")).hasValue("intake-full");
          assertThat(refused.headers().firstValue("Retry-After")).isPresent();
        }
      } finally {
        signal("CONT", stopped);
      }
      RunningService.await(
          "taken in",
          () ->
              service.post("/api/v1/analyses", analysis, "Prefer", "respond-async").statusCode()
                  == 202);
    }
  }

  @Test
  void countsWhatFindsNoRoomInAGapRowWhereSoSet() throws Exception {
    try (RunningService service =
        RunningService.start(folder, "audit: {bufferRows: 5, onFull: count}\n")) {
      List<Long> stopped = stopStore();
      try {
        for (int i = 0; i < 12; i++) {
          assertThat(service.post(INFER, "{}").statusCode()).isEqualTo(400);
        }
      } finally {
        signal("CONT", stopped);
      }
      RunningService.await(
          "a row for each",
          () ->
              service.count(
                      "SELECT (SELECT count(*) FROM audit_exchange)"
                          + " + (SELECT coalesce(sum(n), 0) FROM audit_gap)")
                  == 12);
      assertThat(service.count("SELECT count(*) FROM audit_gap")).isPositive();
    }
  }

  @Test
  void keepsItsStateInAnExternalPostgres() throws Exception {
    try (ExternalPostgres external = ExternalPostgres.start(folder.resolve("external"));
        RunningService service =
            RunningService.start(
                folder,
                "identity: {secretFile: '" + folder.resolve("data/token.secret") + "'}\n",
                external.settings())) {
      assertThat(service.post(INFER, "{}").statusCode()).isEqualTo(400);
      RunningService.await("written", () -> service.metric("triage_audit_written_total") == 1);
      assertThat(service.data().resolve("postgresql")).doesNotExist();
      assertThat(service.count("SELECT count(*) FROM audit_exchange")).isEqualTo(1);
    }
  }

  private List<Long> stopStore() throws Exception {
    Path pidFile = folder.resolve("data/postgresql/data/postmaster.pid");
    long server = Long.parseLong(Files.readAllLines(pidFile).getFirst().strip());
    signal("STOP", List.of(server));
    List<Long> stopped = new ArrayList<>(List.of(server));
    Stream<ProcessHandle> children =
        ProcessHandle.of(server).stream().flatMap(ProcessHandle::children);
    children.map(ProcessHandle::pid).forEach(stopped::add);
    signal("STOP", stopped);
    return stopped;
  }

  private static void signal(String name, List<Long> pids) throws Exception {
    List<String> command = new ArrayList<>(List.of("kill", "-" + name));
    pids.forEach(pid -> command.add(String.valueOf(pid)));
    new ProcessBuilder(command).start().waitFor();
  }
}
