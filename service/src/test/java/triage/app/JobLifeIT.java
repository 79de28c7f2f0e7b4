package triage.app;

import static org.assertj.core.api.Assertions.assertThat;
import static triage.app.RunningAnalyses.ANALYSES;
import static triage.app.RunningAnalyses.ASYNC;
import static triage.app.RunningAnalyses.analysis;
import static triage.app.RunningAnalyses.assertProblem;
import static triage.app.RunningAnalyses.hour;
import static triage.app.RunningAnalyses.id;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import triage.admission.Criticality;
import triage.identity.Caller;
import triage.identity.Role;

/// What becomes of jobs over a real port and a real store: claimed, tried again, called off, kept.
final class JobLifeIT extends AnalysesFixture {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String IN_FLIGHT = "triage_in_flight{backend=\"python-0\",model=\"python\"}";

  @ParameterizedTest
  @ValueSource(ints = {500, 301, 401, 403, 404, 405, 407, 408, 425})
  void triesAgainWhereTheBackendIsAtFaultAndThenGivesUpWithTheCause(int status) throws Exception {
    server.answerWith(status);
    server.release(2);

    JsonNode job =
        JSON.readTree(
            analyses
                .ended(service.post(ANALYSES, analysis("python", row), "Prefer", ASYNC))
                .body());

    assertThat(job.at("/state").textValue()).isEqualTo("dead");
    assertThat(job.at("/attempts").intValue()).isEqualTo(2);
    assertThat(job.at("/reason").textValue()).isEqualTo("backend-failed");
    assertThat(job.at("/detail").textValue())
        .contains(String.valueOf(status))
        .endsWith(": {\"outputs\":[]}");
  }

  @Test
  void letsOperatorsReplayWhatTheModelRefused() throws Exception {
    server.answerWith(422);
    server.release(1);
    List<String> headers = List.of("Idempotency-Key", "mended");
    String body = analysis("python", row);
    HttpResponse<String> refused = analyses.send("tester", ANALYSES, body, headers);
    assertThat(refused.statusCode()).isEqualTo(422);
    String id = JSON.readTree(refused.body()).at("/job/id").textValue();
    String path = "/api/v1/jobs/" + id;
    assertProblem(service.post(path + "/replay", "{\"reason\":\"mine\"}"), 409, "failed");

    server.answerWith(200);
    Caller operator =
        new Caller("olga", Criticality.CRITICAL, Caller.ALL_STUDIES, Set.of(Role.OPERATE), hour());
    HttpResponse<String> replayed =
        analyses.send(
            operator, path + "/replay", "{\"reason\":\"the model was wrong\"}", List.of());
    assertThat(replayed.statusCode()).as(replayed.body()).isEqualTo(200);
    // What was told at first does not hold any more, and there is no other answer yet.
    assertThat(analyses.send("tester", ANALYSES, body, headers).statusCode()).isEqualTo(202);
    server.release(1);
    JsonNode job = JSON.readTree(analyses.ended(replayed).body());
    assertThat(job.at("/state").textValue()).isEqualTo("done");
    assertThat(job.at("/status").intValue()).isEqualTo(200);
  }

  @Test
  void takesAJobOverWhoseHolderWentAway() throws Exception {
    HttpResponse<String> accepted =
        service.post(ANALYSES, analysis("python", row), "Prefer", ASYNC);
    String id = JSON.readTree(accepted.body()).at("/id").textValue();
    RunningService.await("claimed", () -> analyses.state(id).equals("running"));
    // As if another instance had claimed it, and gone.
    service.execute(
        "UPDATE jobs SET owner = gen_random_uuid(), fence = fence + 1,"
            + " lease_until = now() - interval '1 s' WHERE id = '"
            + id
            + "'");
    RunningService.await("claimed anew", () -> attempts(id) == 2);
    server.release(2);

    assertThat(JSON.readTree(analyses.ended(accepted).body()).at("/state").textValue())
        .isEqualTo("done");
  }

  @Test
  void anOlderHolderGivesUpAndWritesNothing() throws Exception {
    HttpResponse<String> accepted =
        service.post(ANALYSES, analysis("python", row), "Prefer", ASYNC);
    String id = JSON.readTree(accepted.body()).at("/id").textValue();
    RunningService.await("claimed", () -> analyses.state(id).equals("running"));
    // As if this instance had claimed it anew.
    service.execute(
        "UPDATE jobs SET fence = fence + 1,"
            + " lease_until = now() + interval '1 h' WHERE id = '"
            + id
            + "'");
    RunningService.await("given up", () -> service.metric(IN_FLIGHT) == 0);
    // Once the next job is done, what the older holder had to write has been written, or not.
    server.release(2);
    analyses.ended(service.post(ANALYSES, analysis("python", row), "Prefer", ASYNC));

    assertThat(analyses.state(id)).isEqualTo("running");
    assertThat(attempts(id)).isOne();
    service.execute("UPDATE jobs SET lease_until = now() WHERE id = '" + id + "'");
    server.release(1);
    assertThat(JSON.readTree(analyses.ended(accepted).body()).at("/state").textValue())
        .isEqualTo("done");
  }

  @Test
  void claimsNoMoreThanTheBackendsHoldAndTheMostCriticalFirst() throws Exception {
    String body = analysis("python", row);
    for (int i = 0; i < 6; i++) {
      service.post(ANALYSES, body, "Prefer", ASYNC, "Priority", "u=6");
    }
    RunningService.await("two claimed", () -> count("running", 3) == 2);
    String urgent = analysis("python", "{\"inputs\":[],\"id\":\"urgent\"}");
    HttpResponse<String> accepted =
        service.post(ANALYSES, urgent, "Prefer", ASYNC, "Priority", "u=0");
    RunningService.await("claimed beside them", () -> count("running", 0) == 1);
    assertThat(count("running", 3)).isEqualTo(2);
    assertThat(count("waiting", 3)).isEqualTo(4);

    int before = server.asked().size();
    server.release(1);
    assertThat(
            JSON.readTree(analyses.ended(analyses.released(accepted)).body())
                .at("/state")
                .textValue())
        .isEqualTo("done");
    assertThat(server.asked().get(before)).contains("urgent");
  }

  @Test
  void callsAJobOffAndLetsItBeTriedAgain() throws Exception {
    HttpResponse<String> accepted =
        service.post(ANALYSES, analysis("python", row), "Prefer", ASYNC);
    String id = id(accepted);
    String path = "/api/v1/jobs/" + id;
    RunningService.await("asked", () -> server.underWay() == 1);
    assertProblem(service.post(path + "/replay", "{\"reason\":\"again\"}"), 409, "running");
    assertProblem(service.post(path + "/cancel", "{\"why\":\"x\"}"), 400, "reason");
    assertThat(
            analyses
                .send("somebody", path + "/cancel", "{\"reason\":\"x\"}", List.of())
                .statusCode())
        .isEqualTo(404);

    HttpResponse<String> cancelled = service.post(path + "/cancel", "{\"reason\":\"a slip\"}");
    assertThat(cancelled.statusCode()).as(cancelled.body()).isEqualTo(200);
    JsonNode job = JSON.readTree(analyses.ended(accepted).body());
    assertThat(job.at("/state").textValue()).isEqualTo("cancelled");
    assertThat(job.at("/detail").textValue()).isEqualTo("a slip");
    assertProblem(service.post(path + "/cancel", "{\"reason\":\"x\"}"), 409, "cancelled");

    Caller operator =
        new Caller("olga", Criticality.CRITICAL, Caller.ALL_STUDIES, Set.of(Role.OPERATE), hour());
    assertThat(
            analyses
                .send(operator, path + "/replay", "{\"reason\":\"not a slip\"}", List.of())
                .statusCode())
        .isEqualTo(200);
    server.release(2);
    assertThat(JSON.readTree(analyses.ended(accepted).body()).at("/state").textValue())
        .isEqualTo("done");
    assertThat(
            service.rows(
                "SELECT caller, from_value, to_value FROM audit_change WHERE target = '"
                    + id
                    + "' ORDER BY id"))
        .extracting(change -> change.get("caller") + " " + change.get("to_value"))
        .containsExactly("tester cancelled: a slip", "olga waiting: not a slip");
  }

  @Test
  void writesDownWhatWasCalledOffTogetherWithIt() throws Exception {
    HttpResponse<String> accepted =
        service.post(ANALYSES, analysis("python", row), "Prefer", ASYNC);
    String id = id(accepted);
    RunningService.await("claimed", () -> server.underWay() == 1);
    String changes = "SELECT count(*) FROM audit_change WHERE target = '" + id + "'";
    List<CompletableFuture<HttpResponse<String>>> cancelling = new ArrayList<>();

    service.whileLocked(
        "UPDATE jobs SET detail = 'x' WHERE id = '" + id + "'",
        () -> {
          cancelling.add(
              CompletableFuture.supplyAsync(
                  () -> service.post("/api/v1/jobs/" + id + "/cancel", "{\"reason\":\"a slip\"}")));
          RunningService.await(
              "the change waits",
              () ->
                  service.count(
                          "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                              + " AND query LIKE '%jobs%id%'")
                      > 0);
          // As long as it is open whether the job is called off, nothing says that it was.
          assertThat(service.count(changes)).isZero();
        });
    assertThat(cancelling.getFirst().join().statusCode()).isEqualTo(200);
    assertThat(service.count(changes)).isOne();
    assertThat(service.post("/api/v1/jobs/" + id + "/cancel", "{\"reason\":\"x\"}").statusCode())
        .isEqualTo(409);
    assertThat(service.count(changes)).isOne();
  }

  @Test
  void forgetsWhatWasKeptForLongEnough() throws Exception {
    String id = id(service.post(ANALYSES, analysis("breast-cancer", row)));
    service.execute(
        "UPDATE jobs SET finished_at = now() - interval '31 d' WHERE id = '" + id + "'");

    RunningService.await(
        "deleted", () -> service.count("SELECT count(*) FROM jobs WHERE id = '" + id + "'") == 0);
    assertThat(service.get("/api/v1/jobs/" + id).statusCode()).isEqualTo(404);
  }

  @Test
  void showsOperatorsWhatBecomesOfJobs() throws Exception {
    double done = analyses.endings("done");
    double failed = analyses.endings("failed");
    double dead = analyses.endings("dead");
    double taken = service.metric("triage_jobs_taken_over_total");
    String body = analysis("python", row);
    HttpResponse<String> first = service.post(ANALYSES, body, "Prefer", ASYNC);
    for (int i = 0; i < 4; i++) {
      service.post(ANALYSES, body, "Prefer", ASYNC);
    }
    service.execute("UPDATE jobs SET created_at = now() - interval '1 h' WHERE state = 'waiting'");

    RunningService.await("counted", () -> service.metric("triage_jobs{state=\"waiting\"}") == 3);
    assertThat(service.metric("triage_jobs{state=\"running\"}")).isEqualTo(2);
    assertThat(service.metric("triage_jobs{state=\"dead\"}"))
        .isEqualTo(service.count("SELECT count(*) FROM jobs WHERE state = 'dead'"));
    assertThat(service.metric("triage_job_backlog_bytes"))
        .isEqualTo(3 * (512 + row.getBytes(StandardCharsets.UTF_8).length));
    assertThat(service.metric("triage_job_oldest_waiting_seconds")).isBetween(3600.0, 3700.0);

    service.execute(
        "UPDATE jobs SET owner = gen_random_uuid(), fence = fence + 1,"
            + " lease_until = now() - interval '1 s' WHERE id = '"
            + id(first)
            + "'");
    RunningService.await(
        "taken over", () -> service.metric("triage_jobs_taken_over_total") == taken + 1);
    server.release(1_000);
    analyses.ended(first);
    // The job that was taken over may have been answered to both its holders.
    RunningService.await("done", () -> analyses.endings("done") - done >= 5);
    assertThat(analyses.endings("done") - done).isLessThanOrEqualTo(6);
    server.answerWith(422);
    assertThat(service.post(ANALYSES, body).statusCode()).isEqualTo(422);
    RunningService.await("failed", () -> analyses.endings("failed") == failed + 1);
    server.answerWith(500);
    service.post(ANALYSES, body, "Prefer", ASYNC);
    RunningService.await("dead", () -> analyses.endings("dead") == dead + 1);
  }

  @Test
  void letsNothingBeTriedAgainThatHasNoRoomToWait() throws Exception {
    // More than a quarter of the smallest backlog: what one caller may hold.
    String dead = kept("dead", 300_000);
    HttpResponse<String> full = replay(dead);
    assertProblem(full, 503, "no room");
    assertThat(full.headers().firstValue("Triage-Reason")).hasValue("intake-full");
    assertThat(analyses.state(dead)).isEqualTo("dead");

    // What cannot be tried again leaves its room to others.
    String failed = kept("failed", 200_000);
    for (int i = 0; i < 3; i++) {
      assertProblem(replay(failed), 409, "failed");
    }
    HttpResponse<String> replayed = replay(kept("dead", 200_000));
    assertThat(replayed.statusCode()).as(replayed.body()).isEqualTo(200);
  }

  private static HttpResponse<String> replay(String id) {
    return analyses.send(
        "replayer", "/api/v1/jobs/" + id + "/replay", "{\"reason\":\"again\"}", List.of());
  }

  /// Gives the id of a job that has ended without a result.
  private static String kept(String state, int inputBytes) {
    String insert =
        """
        INSERT INTO jobs (id, caller, study, model, model_version, criticality, body_sha256,
          input, state, created_at, finished_at)
        VALUES (gen_random_uuid(), 'replayer', 'S-1', 'python', '1', 1, '',
          convert_to(repeat(' ', %d), 'UTF8'), '%s', now(), now())
        RETURNING id\
        """;
    return service.rows(insert.formatted(inputBytes, state)).getFirst().get("id").toString();
  }

  private static int attempts(String id) {
    return (int)
        service
            .rows("SELECT attempts FROM jobs WHERE id = '" + id + "'")
            .getFirst()
            .get("attempts");
  }

  private static long count(String state, int criticality) {
    return service.count(
        "SELECT count(*) FROM jobs WHERE state = '%s' AND criticality = %d"
            .formatted(state, criticality));
  }
}
