package triage.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import triage.admission.Criticality;
import triage.identity.Role;

/// What is kept is bounded, though nothing waits: of one caller, of all, of a study.
final class StoredBytesIT {
  private static final String ANALYSES = "/api/v1/analyses";

  @TempDir Path folder;
  private FakeModelServer model;
  private RunningService service;

  @BeforeEach
  void start() throws Exception {
    model = new FakeModelServer();
    model.release(1_000);
    service =
        RunningService.start(
            folder,
            """
            models:
              m: {backends: [{url: '%s', limit: 4}], breaker: {failures: 1000, of: 1000}}
            analysis: {storedBytesMax: 4MiB, studyBytesMax: {S-1: 1MiB}, waitMax: 10m}
            """
                .formatted(model.url()));
  }

  @AfterEach
  void stop() throws Exception {
    service.close();
    model.close();
  }

  @Test
  void keepsNoMoreOfACallerThanAQuarterUntilJobsExpire() {
    // One more where it was under way when a count began.
    assertThat(fillUp(Criticality.CRITICAL, "a")).isBetween(17, 18);
    HttpResponse<String> full = send("a", "S-2", Criticality.CRITICAL_PLUS, "respond-async");
    assertRefused(full, 503, "intake-full", "analysis.storedBytesMax");
    int asked = model.asked().size();
    assertRefused(send("a", "S-2", Criticality.CRITICAL, "wait=5"), 503, "intake-full", "kept");
    assertThat(model.asked()).as("asked for nothing that is not kept").hasSize(asked);
    assertThat(service.metric("triage_job_stored_bytes_max")).isEqualTo(4 << 20);

    assertThat(fillUp(Criticality.CRITICAL, "b", "c")).isBetween(34, 36);
    assertThat(fillUp(Criticality.CRITICAL, "d")).as("up to four fifths").isBetween(1, 5);
    assertThat(fillUp(Criticality.CRITICAL_PLUS, "d")).as("the last fifth").isBetween(10, 15);

    service.execute("DELETE FROM jobs WHERE caller = 'a'");
    RunningService.await(
        "taken again",
        () -> send("a", "S-2", Criticality.CRITICAL_PLUS, "respond-async").statusCode() == 202);
  }

  @Test
  void refusesMoreOfAStudyThanItMayHave() {
    // One more where it was under way when a count began.
    assertThat(fillUp("S-1", Criticality.CRITICAL_PLUS, "a", "b")).isBetween(17, 18);

    HttpResponse<String> full = send("a", "S-1", Criticality.CRITICAL_PLUS, "respond-async");
    assertRefused(full, 429, "quota", "analysis.studyBytesMax");
    HttpResponse<String> batch =
        send("/api/v1/batches", "a", Criticality.CRITICAL, List.of(), analysis("S-1") + "\n");
    assertThat(batch.statusCode()).as(batch.body()).isEqualTo(429);
    assertThat(send("b", "S-2", Criticality.CRITICAL, "respond-async").statusCode()).isEqualTo(202);
  }

  @Test
  void keepsNoRoomForWhatLeavesNothing() {
    model.answerWith(500);
    for (int i = 0; i < 60; i++) {
      HttpResponse<String> answer =
          send(ANALYSES, "a", Criticality.CRITICAL, key("in-vain-" + i), analysis("S-1"));
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(500);
    }

    assertThat(service.count("SELECT count(*) FROM jobs")).isZero();
  }

  @Test
  void keepsRoomForOneOfTwoSubmissionsUnderAKey() throws Exception {
    String texts = String.join(",", Collections.nCopies(6, "\"" + "x".repeat(60_000) + "\""));
    String large = analysis("S-1").replace("[]", "[],\"parameters\":{\"a\":[" + texts + "]}");
    List<String> headers = List.of("Idempotency-Key", "both", "Prefer", "respond-async");
    List<CompletableFuture<HttpResponse<String>>> both = new ArrayList<>();
    service.whileLocked(
        "LOCK TABLE triage.jobs IN SHARE ROW EXCLUSIVE MODE",
        () -> {
          for (int i = 0; i < 2; i++) {
            both.add(
                CompletableFuture.supplyAsync(
                    () -> send(ANALYSES, "a", Criticality.CRITICAL, headers, large),
                    Thread::startVirtualThread));
          }
          RunningService.await("both at the store", () -> insertsThatWait() == 2);
        });

    assertThat(both.getFirst().join().statusCode()).isEqualTo(202);
    assertThat(both.getLast().join().body()).isEqualTo(both.getFirst().join().body());
    HttpResponse<String> other =
        send(ANALYSES, "a", Criticality.CRITICAL, List.of("Prefer", "respond-async"), large);
    assertThat(other.statusCode()).as(other.body()).isEqualTo(202);
  }

  private long insertsThatWait() {
    return service.count(
        "SELECT count(*) FROM pg_stat_activity"
            + " WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO jobs%'");
  }

  private static List<String> key(String key) {
    return List.of("Idempotency-Key", key);
  }

  @Test
  void countsBatchesAndTheirLinesThatAreRefusedToWhatTheirCallerKeeps() {
    assertThat(batch("x\n".repeat(1_000)).statusCode()).isEqualTo(202);
    String bad = "x\n".repeat(2_000);
    do {
      awaitCount();
      assertRefused(batch(bad), 503, "intake-full", "analysis.storedBytesMax");
      awaitCount();
      // 2,048 rows of 512 bytes are a quarter of what is kept.
    } while (rows() < 2_048);

    // More where up to 512 were under way when a count began.
    assertThat(rows()).isLessThan(2_048 + 600);
    long batches = service.count("SELECT count(*) FROM batches");
    assertRefused(batch(""), 503, "intake-full", "analysis.storedBytesMax");
    assertRefused(batch(bad), 503, "intake-full", "analysis.storedBytesMax");
    assertThat(service.count("SELECT count(*) FROM batches")).isEqualTo(batches);

    service.execute("DELETE FROM batch_refusals");
    RunningService.await("taken again", () -> batch("x\n").statusCode() == 202);
  }

  private long rows() {
    return service.count(
        "SELECT (SELECT count(*) FROM batches) + (SELECT count(*) FROM batch_refusals)");
  }

  private HttpResponse<String> batch(String body) {
    return send("/api/v1/batches", "a", Criticality.CRITICAL, List.of(), body);
  }

  @Test
  void givesTheFirstAnswerOfABatchThoughItsCallerIsFull() {
    String line = analysis("S-2") + "\n";
    List<String> key = key("night-1");
    HttpResponse<String> first = send("/api/v1/batches", "a", Criticality.CRITICAL, key, line);
    assertThat(first.statusCode()).as(first.body()).isEqualTo(202);
    fillUp(Criticality.CRITICAL, "a");

    HttpResponse<String> again = send("/api/v1/batches", "a", Criticality.CRITICAL, key, line);
    assertThat(again.statusCode()).as(again.body()).isEqualTo(202);
    assertThat(again.headers().firstValue("Location"))
        .isEqualTo(first.headers().firstValue("Location"));
  }

  private int fill(String caller, String study, Criticality criticality) {
    int taken = 0;
    while (send(caller, study, criticality, "respond-async").statusCode() == 202) {
      taken++;
      assertThat(taken).isLessThan(100);
    }
    return taken;
  }

  private int fillUp(Criticality criticality, String... callers) {
    return fillUp("S-2", criticality, callers);
  }

  /// Fills until there is no room by a count of all that is there: what comes in when a count
  /// begins may be in it twice until the next.
  private int fillUp(String study, Criticality criticality, String... callers) {
    int all = 0;
    int taken;
    do {
      taken = 0;
      for (String caller : callers) {
        taken += fill(caller, study, criticality);
      }
      all += taken;
      awaitCount();
    } while (taken > 0);
    return all;
  }

  /// Waits for a count of all that is there; nobody adds to it meanwhile.
  private void awaitCount() {
    RunningService.await(
        "done", () -> service.count("SELECT count(*) FROM jobs WHERE finished_at IS NULL") == 0);
    long kept = service.count("SELECT coalesce(sum(bytes + jobs * 512), 0)::bigint FROM job_bytes");
    RunningService.await("counted", () -> service.metric("triage_job_stored_bytes") == kept);
  }

  private static void assertRefused(
      HttpResponse<String> answer, int status, String reason, String detail) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.headers().firstValue("Triage-Reason")).hasValue(reason);
    assertThat(answer.headers().firstValue("Retry-After")).isPresent();
    assertThat(answer.body()).contains(detail);
  }

  private static String analysis(String study) {
    return "{\"model\":\"m\",\"study\":\"%s\",\"input\":{\"inputs\":[],\"id\":\"%s\"}}"
        .formatted(study, "x".repeat(60_000));
  }

  private HttpResponse<String> send(
      String caller, String study, Criticality criticality, String prefer) {
    return send(ANALYSES, caller, criticality, List.of("Prefer", prefer), analysis(study));
  }

  private HttpResponse<String> send(
      String path, String caller, Criticality criticality, List<String> headers, String body) {
    String token = service.token(caller, Criticality.CRITICAL_PLUS, Role.REQUEST, Role.READ);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(service.api(path))
            .timeout(RunningService.PATIENCE)
            .header("Authorization", "Bearer " + token)
            .header("Priority", criticality == Criticality.CRITICAL_PLUS ? "u=0" : "u=3")
            .POST(BodyPublishers.ofString(body));
    for (int i = 0; i < headers.size(); i += 2) {
      request.header(headers.get(i), headers.get(i + 1));
    }
    return service.send(request.build());
  }
}
