package triage.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Several versions of one model, their other names, and the model that stands in for it.
final class VersionsIT {
  private static final String BODY = "{\"inputs\":[]}";

  @TempDir Path folder;

  @Test
  void eachVersionHasItsBackendsAndMayHaveOtherNames() throws Exception {
    try (FaultyModelServer one = new FaultyModelServer();
        FaultyModelServer two = new FaultyModelServer();
        RunningService service =
            RunningService.start(
                folder,
                """
                models:
                  m:
                    backends: [{url: "%s"}]
                    versions:
                      "2": {backends: [{url: "%s"}]}
                    aliases: {stable: "1", canary: "2"}
                """
                    .formatted(one.url(), two.url()))) {
      assertServed(service.post("/v2/models/m/infer", BODY), "1", "m-0");
      assertServed(service.post("/v2/models/m/versions/1/infer", BODY), "1", "m-0");
      assertServed(service.post("/v2/models/m/versions/stable/infer", BODY), "1", "m-0");
      assertThat(one.lastHead()).startsWith("post /v2/models/m/infer ");
      assertServed(service.post("/v2/models/m/versions/2/infer", BODY), "2", "m@2-0");
      assertServed(service.post("/v2/models/m/versions/canary/infer", BODY), "2", "m@2-0");
      assertThat(two.lastHead()).startsWith("post /v2/models/m/versions/2/infer ");
      String analysis =
          "{\"model\":\"m\",\"version\":\"2\",\"study\":\"s\",\"input\":{\"inputs\":[]}}";
      assertThat(service.post("/api/v1/analyses", analysis).statusCode()).isEqualTo(200);
      assertThat(two.lastHead()).startsWith("post /v2/models/m/versions/2/infer ");
      assertThat(service.post("/v2/models/m/versions/3/infer", BODY).statusCode()).isEqualTo(404);
      assertThat(service.metric("triage_backend_attempts_total{backend=\"m@2-0\",model=\"m@2\"}"))
          .isEqualTo(3);
    }
  }

  @Test
  void theBacklogOfAVersionKeepsNoJobOfAnotherOut() throws Exception {
    try (FakeModelServer one = new FakeModelServer();
        FakeModelServer two = new FakeModelServer();
        RunningService service =
            RunningService.start(
                folder,
                """
                models:
                  m:
                    backends: [{url: "%s", limit: 2}]
                    versions:
                      "2": {backends: [{url: "%s", limit: 1}]}
                """
                    .formatted(one.url(), two.url()))) {
      for (int i = 0; i < 5; i++) {
        later(service, "1");
      }
      RunningService.await("one is full", () -> one.underWay() == 2);

      two.release(1);
      HttpResponse<String> accepted = later(service, "2");
      String path = accepted.headers().firstValue("Location").orElseThrow();
      HttpResponse<String> job =
          service.send(service.request(path).header("Prefer", "wait=20").GET().build());
      assertThat(job.body()).contains("\"version\":\"2\"", "\"state\":\"done\"");
      assertThat(one.underWay()).isEqualTo(2);
      one.answerAll(service);
    }
  }

  private static HttpResponse<String> later(RunningService service, String version) {
    HttpResponse<String> accepted =
        service.post(
            "/api/v1/analyses",
            "{\"model\":\"m\",\"version\":\"%s\",\"study\":\"s\",\"input\":{\"inputs\":[]}}"
                .formatted(version),
            "Prefer",
            "respond-async");
    assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(202);
    return accepted;
  }

  @Test
  void anotherModelStandsInWhereNoBackendIsLeft() throws Exception {
    try (FaultyModelServer one = new FaultyModelServer();
        FaultyModelServer two = new FaultyModelServer();
        RunningService service =
            RunningService.start(
                folder,
                """
                models:
                  m: {backends: [{url: "%s"}], fallback: spare}
                  spare: {backends: [{url: "%s"}]}
                """
                    .formatted(one.url(), two.url()))) {
      assertThat(
              service.post("/v2/models/m/infer", BODY).headers().firstValue("Triage-Fallback-For"))
          .isEmpty();
      one.close();
      HttpResponse<String> answer = service.post("/v2/models/m/infer", BODY);
      assertServed(answer, "1", "spare-0");
      assertThat(answer.headers().firstValue("Triage-Model")).hasValue("spare");
      assertThat(answer.headers().firstValue("Triage-Fallback-For")).hasValue("m");
      assertThat(two.lastHead()).startsWith("post /v2/models/spare/infer ");
      RunningService.await(
          "the row is there",
          () ->
              service.count(
                      "select count(*) from audit_exchange"
                          + " where model = 'spare' and reason = 'fallback'")
                  == 1);
    }
  }

  /// Starts a service whose model has two backends that break off all, and another model for it.
  private RunningService startBreakingOff(
      FaultyModelServer one, FaultyModelServer two, FaultyModelServer spare) throws Exception {
    one.conduct(FaultyModelServer.Conduct.RESETS);
    two.conduct(FaultyModelServer.Conduct.RESETS);
    return RunningService.start(
        folder,
        """
        models:
          m:
            backends: [{url: "%s"}, {url: "%s"}]
            breaker: {failures: 1000, of: 1000}
            fallback: spare
          spare: {backends: [{url: "%s"}]}
        """
            .formatted(one.url(), two.url(), spare.url()));
  }

  @Test
  void whatAllBackendsFailIsTriedAtAnotherModelOutOfTheRetryBudget() throws Exception {
    try (FaultyModelServer one = new FaultyModelServer();
        FaultyModelServer two = new FaultyModelServer();
        FaultyModelServer spare = new FaultyModelServer();
        RunningService service = startBreakingOff(one, two, spare)) {
      int served = 0;
      for (int i = 0; i < 10; i++) {
        int status = service.post("/v2/models/m/infer", BODY).statusCode();
        assertThat(status).isIn(200, 503);
        served += status == 200 ? 1 : 0;
      }
      assertThat(served).isPositive().isEqualTo(spare.inferences());
      // Every try but the ten first ones is one that the budget had.
      assertThat(service.metric("triage_retries_total{model=\"m\"}"))
          .isEqualTo(one.inferences() + two.inferences() + spare.inferences() - 10.0);
      // Whom it has denied a second try does not ask for another one.
      assertThat(service.metric("triage_retries_denied_total{model=\"m\"}"))
          .isEqualTo(10.0 - served);
    }
  }

  /// Whose data went to two servers is not only counted.
  @Test
  void whatTheOtherModelRefusesHasItsRowWhereItGotTo() throws Exception {
    try (FaultyModelServer one = new FaultyModelServer();
        FaultyModelServer two = new FaultyModelServer();
        FaultyModelServer spare = new FaultyModelServer();
        RunningService service = startBreakingOff(one, two, spare)) {
      service.drain("spare-0");
      HttpResponse<String> answer = service.post("/v2/models/m/infer", BODY);
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(503);
      RunningService.await(
          "the row is there",
          () ->
              service.count(
                      "select count(*) from audit_exchange where model = 'm' and verdict = 'failed'"
                          + " and backend in ('m-0', 'm-1')")
                  == 1);
      assertThat(spare.inferences()).isZero();
    }
  }

  /// It is an answer, whose words and Retry-After are the backend's own.
  @ParameterizedTest
  @ValueSource(strings = {"429", "502", "503"})
  void aRefusalThatIsAnsweredLeadsToNoOtherModel(String status) throws Exception {
    try (FaultyModelServer one = new FaultyModelServer();
        FaultyModelServer two = new FaultyModelServer();
        FaultyModelServer spare = new FaultyModelServer();
        RunningService service =
            RunningService.start(
                folder,
                """
                models:
                  m: {backends: [{url: "%s"}, {url: "%s"}], fallback: spare}
                  spare: {backends: [{url: "%s"}]}
                """
                    .formatted(one.url(), two.url(), spare.url()))) {
      one.answer(status + " No\r\n");
      two.answer(status + " No\r\n");
      HttpResponse<String> answer = service.post("/v2/models/m/infer", BODY);
      assertThat(answer.statusCode()).isEqualTo(Integer.parseInt(status));
      assertThat(answer.headers().firstValue("Triage-Attempts")).hasValue("2");
      assertThat(answer.headers().firstValue("Triage-Fallback-For")).isEmpty();
      assertThat(spare.inferences()).isZero();
    }
  }

  @Test
  void whatTheOnlyBackendFailsIsTriedAtAnotherModelOutOfTheRetryBudget() throws Exception {
    try (FaultyModelServer one = new FaultyModelServer();
        FaultyModelServer spare = new FaultyModelServer();
        RunningService service =
            RunningService.start(
                folder,
                """
                models:
                  m:
                    backends: [{url: "%s"}]
                    breaker: {failures: 1000, of: 1000}
                    fallback: spare
                  spare: {backends: [{url: "%s"}]}
                """
                    .formatted(one.url(), spare.url()))) {
      one.conduct(FaultyModelServer.Conduct.RESETS);
      int served = 0;
      for (int i = 0; i < 10; i++) {
        int status = service.post("/v2/models/m/infer", BODY).statusCode();
        assertThat(status).isIn(200, 503);
        served += status == 200 ? 1 : 0;
      }
      assertThat(served).isPositive().isEqualTo(spare.inferences());
      assertThat(service.metric("triage_retries_total{model=\"m\"}")).isEqualTo(served);
    }
  }

  /// A gate that only observes lets all to a backend whose breaker lets one through.
  @Test
  void whatOnlyTheBreakerRefusesIsTriedAtAnotherModelForNothing() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    try (ScriptedServer one = ScriptedServer.start((_, _) -> false);
        FaultyModelServer spare = new FaultyModelServer();
        RunningService service =
            RunningService.start(
                folder,
                """
                models:
                  m: {mode: observe, backends: [{url: "%s"}], fallback: spare}
                  spare: {backends: [{url: "%s"}]}
                """
                    .formatted(one.url(), spare.url()))) {
      String rotation = "triage_in_rotation{backend=\"m-0\",model=\"m\"}";
      RunningService.await(
          "out of rotation",
          () -> {
            service.post("/v2/models/m/infer", BODY);
            return service.metric(rotation) == 0;
          });
      one.follow((_, _) -> {
        over.await();
        return false;
      });
      RunningService.await("in rotation", () -> service.metric(rotation) == 1);
      CompletableFuture<HttpResponse<String>> trial =
          CompletableFuture.supplyAsync(
              () -> service.post("/v2/models/m/infer", BODY, "Request-Timeout", "120"),
              Thread::startVirtualThread);
      assertThat(one.asked().head()).contains("/infer");
      double paid = service.metric("triage_retries_total{model=\"m\"}");
      for (int i = 0; i < 5; i++) {
        HttpResponse<String> answer = service.post("/v2/models/m/infer", BODY);
        assertServed(answer, "1", "spare-0");
        assertThat(answer.headers().firstValue("Triage-Attempts")).hasValue("1");
      }
      assertThat(service.metric("triage_retries_total{model=\"m\"}")).isEqualTo(paid);
      assertThat(trial).isNotDone();
      over.countDown();
      trial.join();
    }
  }

  /// The first backend fails it, which takes that out of rotation; the breaker of the other one has
  /// a trial.
  @Test
  void anotherModelStandsInWhereTheLastBackendTurnsASecondTryAway() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    try (ScriptedServer one = ScriptedServer.start();
        ScriptedServer other = ScriptedServer.start();
        FaultyModelServer spare = new FaultyModelServer();
        RunningService service =
            RunningService.start(
                folder,
                """
                models:
                  m:
                    mode: observe
                    breaker: {failures: 1, of: 1}
                    backends: [{url: "%s", weight: 100}, {url: "%s", weight: 0.01}]
                    fallback: spare
                  spare: {backends: [{url: "%s"}]}
                """
                    .formatted(one.url(), other.url(), spare.url()))) {
      // The usual times of both are known then, and there are second tries to spend.
      for (int i = 0; i < 100; i++) {
        assertThat(service.post("/v2/models/m/infer", BODY).statusCode()).isEqualTo(200);
      }
      ScriptedServer.Script busy = ScriptedServer.answering("HTTP/1.1 503 Busy\r\n", new byte[0]);
      String rotation = "triage_in_rotation{backend=\"m-1\",model=\"m\"}";
      one.follow(busy);
      other.follow((_, _) -> false);
      assertServed(service.post("/v2/models/m/infer", BODY), "1", "spare-0");
      assertThat(service.metric(rotation)).isZero();
      other.follow((_, _) -> {
        over.await();
        return false;
      });
      RunningService.await("in rotation", () -> service.metric(rotation) == 1);
      CompletableFuture<HttpResponse<String>> trial =
          CompletableFuture.supplyAsync(
              () -> service.post("/v2/models/m/infer", BODY, "Request-Timeout", "120"),
              Thread::startVirtualThread);
      assertThat(other.asked().head()).contains("/infer");

      one.follow((_, _) -> false);
      double retries = service.metric("triage_retries_total{model=\"m\"}");
      assertServed(service.post("/v2/models/m/infer", BODY), "1", "spare-0");
      assertThat(service.metric("triage_retries_total{model=\"m\"}") - retries).isOne();
      assertThat(trial).isNotDone();
      over.countDown();
      trial.join();
    }
  }

  private static void assertServed(HttpResponse<String> answer, String version, String backend) {
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Triage-Model-Version")).hasValue(version);
    assertThat(answer.headers().firstValue("Triage-Backend")).hasValue(backend);
  }
}
