package triage.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Leases of one second that must outlast what else goes on in the store: a job may be lost once
/// only, the second time it is dead.
final class LeasesIT {
  private static final String ANALYSIS =
      "{\"model\":\"python\",\"study\":\"S-1\",\"input\":{\"inputs\":[]}}";

  @TempDir static Path folder;
  private static RunningService service;
  private static FakeModelServer server;

  @BeforeAll
  static void start() throws Exception {
    server = new FakeModelServer();
    service =
        RunningService.start(
            folder,
            """
            models:
              python: {backends: [{url: '%s', limit: 2}]}
            analysis: {attemptsMax: 2, lease: 1s}
            """
                .formatted(server.url()));
  }

  @AfterAll
  static void stop() throws Exception {
    service.close();
    server.close();
  }

  @AfterEach
  void letTheModelAnswer() {
    server.answerAll(service);
  }

  @Test
  void aJobThatWasClaimedAnewIsKeptWhenItsOlderRunEnds() throws Exception {
    int before = server.asked().size();
    String id = submit();
    RunningService.await("claimed", () -> server.underWay() == 1);
    service.execute(
        "UPDATE jobs SET owner = gen_random_uuid(), lease_until = now() - interval '1 s'"
            + " WHERE id = '%s'".formatted(id));
    RunningService.await("claimed anew", () -> server.asked().size() == before + 2);
    assertThat(fence(id)).isEqualTo(2);
    server.release(1);

    awaitRenewals(id);
    server.release(1_000);
    assertDone(id, 2);
  }

  @Test
  void renewsWhileNothingCanBeDeleted() throws Exception {
    service.whileLocked(
        "LOCK TABLE batches IN ACCESS EXCLUSIVE MODE",
        () -> {
          RunningService.await("deleting waits", () -> blocked().size() == 1);
          List<?> deleting = blocked();
          String id = submit();
          RunningService.await("claimed", () -> server.underWay() == 1);

          awaitRenewals(id);
          // A second time: not just in between, when the deletion was given up at last.
          awaitRenewals(id);
          assertThat(blocked()).as("who waits still").isEqualTo(deleting);
          server.release(1);
          assertDone(id, 1);
        });
  }

  @Test
  void renewsWhatNobodyElseIsChanging() throws Exception {
    String locked = submit();
    String free = submit();
    RunningService.await("claimed", () -> server.underWay() == 2);

    service.whileLocked(
        "UPDATE jobs SET detail = 'x' WHERE id = '%s'".formatted(locked),
        () -> awaitRenewals(free));
    server.release(2);
    assertDone(free, 1);
    server.release(1_000);
    ended(locked);
  }

  /// Waits until a lease has been renewed for longer than three leases.
  private static void awaitRenewals(String id) {
    String until = lease(id);
    RunningService.await(
        "renewed",
        () ->
            service.count(
                    "SELECT count(*) FROM jobs WHERE id = '%s' AND lease_until > '%s'::timestamptz"
                            .formatted(id, until)
                        + " + interval '3 s'")
                == 1);
  }

  private static List<?> blocked() {
    return service.rows(
        "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'batches'::regclass");
  }

  private static String lease(String id) {
    return (String)
        service
            .rows("SELECT lease_until::text AS lease FROM jobs WHERE id = '" + id + "'")
            .getFirst()
            .get("lease");
  }

  private static long fence(String id) {
    return service.count("SELECT fence FROM jobs WHERE id = '" + id + "'");
  }

  private static void assertDone(String id, int attempts) {
    assertThat(ended(id)).contains("\"state\":\"done\"", "\"attempts\":" + attempts + ",");
  }

  private static String ended(String id) {
    HttpRequest wait =
        service.request("/api/v1/jobs/" + id).header("Prefer", "wait=20").GET().build();
    HttpResponse<String> job = service.send(wait);
    assertThat(job.body()).contains("\"finishedAt\"");
    return job.body();
  }

  private static String submit() throws Exception {
    HttpResponse<String> accepted =
        service.post("/api/v1/analyses", ANALYSIS, "Prefer", "respond-async");
    assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(202);
    return new ObjectMapper().readTree(accepted.body()).at("/id").textValue();
  }
}
