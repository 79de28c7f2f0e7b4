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
    assertThat(fill("a", Criticality.CRITICAL)).isBetween(13, 18);
    RunningService.await("done", () -> waiting() == 0);
    RunningService.await("counted", () -> stored() > 13 * 60_000);
    HttpResponse<String> full = send("a", "S-2", Criticality.CRITICAL_PLUS, "respond-async");
    assertRefused(full, 503, "intake-full", "analysis.storedBytesMax");
    int asked = model.asked().size();
    assertRefused(send("a", "S-2", Criticality.CRITICAL, "wait=5"), 503, "intake-full", "kept");
    assertThat(model.asked()).as("asked for nothing that is not kept").hasSize(asked);
    assertThat(service.metric("triage_job_stored_bytes_max")).isEqualTo(4 << 20);

    for (String caller : new String[] {"b", "c"}) {
      assertThat(fill(caller, Criticality.CRITICAL)).as(caller).isBetween(13, 18);
    }
    assertThat(fill("d", Criticality.CRITICAL)).as("up to four fifths").isBetween(1, 8);
    assertThat(fill("d", Criticality.CRITICAL_PLUS)).as("the last fifth").isBetween(8, 14);

    service.execute("DELETE FROM jobs WHERE caller = 'a'");
    RunningService.await(
        "taken again",
        () -> send("a", "S-2", Criticality.CRITICAL_PLUS, "respond-async").statusCode() == 202);
  }

  @Test
  void refusesMoreOfAStudyThanItMayHave() {
    int taken = 0;
    String[] callers = {"a", "b"};
    HttpResponse<String> answer = send("a", "S-1", Criticality.CRITICAL_PLUS, "respond-async");
    while (answer.statusCode() == 202) {
      taken++;
      answer = send(callers[taken % 2], "S-1", Criticality.CRITICAL_PLUS, "respond-async");
    }

    assertRefused(answer, 429, "quota", "analysis.studyBytesMax");
    // One more where it was under way while those before it were counted.
    assertThat(taken).isBetween(13, 18);
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
    String bad = "x\n".repeat(1_500);
    assertThat(batch(bad).statusCode()).isEqualTo(202);

    // 2,048 rows of 512 bytes are a quarter of what is kept; a count may miss what is under way.
    assertRefused(batch(bad), 503, "intake-full", "analysis.storedBytesMax");
    assertThat(service.count("SELECT count(*) FROM batch_refusals")).isBetween(2_046L, 2_600L);
    assertRefused(batch(""), 503, "intake-full", "analysis.storedBytesMax");
    assertRefused(batch(bad), 503, "intake-full", "analysis.storedBytesMax");
    assertThat(service.count("SELECT count(*) FROM batches")).isEqualTo(2);

    service.execute("DELETE FROM batch_refusals");
    RunningService.await("taken again", () -> batch("x\n").statusCode() == 202);
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
    fill("a", Criticality.CRITICAL);

    HttpResponse<String> again = send("/api/v1/batches", "a", Criticality.CRITICAL, key, line);
    assertThat(again.statusCode()).as(again.body()).isEqualTo(202);
    assertThat(again.headers().firstValue("Location"))
        .isEqualTo(first.headers().firstValue("Location"));
  }

  private int fill(String caller, Criticality criticality) {
    int taken = 0;
    while (send(caller, "S-2", criticality, "respond-async").statusCode() == 202) {
      taken++;
      assertThat(taken).isLessThan(100);
    }
    return taken;
  }

  private static void assertRefused(
      HttpResponse<String> answer, int status, String reason, String detail) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.headers().firstValue("Triage-Reason")).hasValue(reason);
    assertThat(answer.headers().firstValue("Retry-After")).isPresent();
    assertThat(answer.body()).contains(detail);
  }

  private long waiting() {
    return service.count("SELECT count(*) FROM jobs WHERE finished_at IS NULL");
  }

  private double stored() {
    return service.metric("triage_job_stored_bytes");
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
