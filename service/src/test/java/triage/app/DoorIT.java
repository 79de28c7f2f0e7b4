package triage.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import triage.admission.Criticality;
import triage.identity.Role;

/// The front door under a pressure that is made up, and its modes.
final class DoorIT {
  private static final Executor THREADS = command -> Thread.startVirtualThread(command);
  private static final String STORM = "u=7";

  @TempDir Path folder;
  private FakeModelServer model;
  private RunningService service;
  private String token;
  private String operator;

  @BeforeEach
  void start() throws Exception {
    model = new FakeModelServer();
    model.release(1_000_000);
    service =
        RunningService.start(folder, "models: {m: {backends: [{url: \"" + model.url() + "\"}]}}");
    token = service.token("edc", Criticality.CRITICAL_PLUS, Role.REQUEST);
    operator = service.token("olga", Criticality.CRITICAL, Role.OPERATE);
    assertThat(ask("u=0").statusCode()).isEqualTo(200);
  }

  @AfterEach
  void stop() throws Exception {
    service.close();
    model.close();
  }

  @Test
  void underPressureWhatIsLessCriticalIsShedAndSafetyIsNot() {
    service.pretendUsage(2);
    HttpResponse<String> refused = askUntilShed();
    assertThat(refused.headers().firstValue("Triage-Reason")).hasValue("shed-pressure");
    assertThat(refused.headers().firstValueAsLong("Retry-After").orElseThrow()).isBetween(2L, 3L);
    assertThat(refused.body()).contains("\"reason\":\"shed-pressure\"");
    for (int i = 0; i < 100; i++) {
      assertThat(ask("u=0").statusCode()).isEqualTo(200);
      var _ = ask(STORM);
    }
    assertThat(get("/v2/health/live").statusCode()).isEqualTo(200);
    assertThat(service.metric("triage_door_shed_total{criticality=\"sheddable\"}")).isPositive();
    assertThat(service.metric("triage_door_shed_total{criticality=\"critical_plus\"}")).isZero();
    assertThat(service.metric("triage_pressure")).isGreaterThan(1);
    assertThat(service.metric("triage_pressure_signal_present{signal=\"cpu-usage\"}")).isOne();
    assertThat(service.metric("triage_pressure_signal_present{signal=\"gc-share\"}")).isZero();

    service.pretendUsage(0.5);
    RunningService.await(
        "the door open again", () -> service.metric("triage_door_shed_fraction") == 0);
    RunningService.await("everybody let in", () -> ask(STORM).statusCode() == 200);
    RunningService.await(
        "a count in the audit trail",
        () ->
            service.count(
                    "SELECT count(*) FROM audit_shed WHERE caller = 'edc' AND model = 'm' AND"
                        + " reason = 'shed-pressure'")
                > 0);
  }

  @Test
  void underPressureWhatIsAnsweredLaterIsTakenIn() {
    service.pretendUsage(2);
    askUntilShed();
    for (int i = 0; i < 100; i++) {
      var _ = ask(STORM);
      HttpResponse<String> later =
          service.send(
              HttpRequest.newBuilder(service.api("/api/v1/analyses"))
                  .header("Authorization", "Bearer " + token)
                  .header("Priority", STORM)
                  .header("Prefer", "respond-async, wait=20")
                  .POST(
                      BodyPublishers.ofString(
                          "{\"model\":\"m\",\"study\":\"S-1\",\"input\":{\"inputs\":[]}}"))
                  .build());
      assertThat(later.statusCode()).as(later.body()).isIn(200, 202);
    }
    assertThat(service.metric("triage_door_reserve_admitted_total")).isPositive();
    assertThat(service.metric("triage_door_shed_total{criticality=\"sheddable\"}")).isPositive();
  }

  @Test
  void anUnknownTokenBuysNothingByItsPriority() {
    service.pretendUsage(2);
    AtomicReference<HttpResponse<String>> refused = new AtomicReference<>();
    RunningService.await(
        "one shed",
        () -> {
          List<CompletableFuture<HttpResponse<String>>> batch =
              Stream.generate(
                      () -> CompletableFuture.supplyAsync(() -> ask("u=0", "unknown"), THREADS))
                  .limit(200)
                  .toList();
          for (CompletableFuture<HttpResponse<String>> answer : batch) {
            if (answer.join().statusCode() == 503) {
              refused.set(answer.join());
            } else {
              assertThat(answer.join().statusCode()).isEqualTo(401);
            }
          }
          return refused.get() != null;
        });
    assertThat(service.metric("triage_door_shed_total{criticality=\"unverified\"}")).isPositive();
    assertThat(service.metric("triage_door_shed_total{criticality=\"critical_plus\"}")).isZero();
    RunningService.await(
        "a count in the audit trail",
        () -> service.count("SELECT count(*) FROM audit_shed WHERE caller = 'unattributed'") > 0);
  }

  @Test
  void observingCountsWhatItWouldHaveShedAndShedsNothing() {
    HttpResponse<String> changed = change("target=door&mode=observe", operator);
    assertThat(changed.statusCode()).isEqualTo(200);
    assertThat(changed.body())
        .isEqualTo("{\"from\":\"enforce\",\"to\":\"observe\",\"audit\":\"written\"}");
    service.pretendUsage(2);
    String wouldShed = "triage_door_would_shed_total{criticality=\"sheddable\"}";
    RunningService.await(
        "one that would have been shed",
        () -> {
          assertThat(ask(STORM).statusCode()).isEqualTo(200);
          return service.metric(wouldShed) > 0;
        });
    assertThat(service.metric("triage_door_shed_total{criticality=\"sheddable\"}")).isZero();

    assertThat(change("target=door&mode=enforce", operator).statusCode()).isEqualTo(200);
    askUntilShed();
    assertThat(change("target=door&mode=off", operator).statusCode()).isEqualTo(200);
    for (int i = 0; i < 50; i++) {
      assertThat(ask(STORM).statusCode()).isEqualTo(200);
    }

    assertThat(service.metric("triage_mode{mode=\"off\",target=\"door\"}")).isOne();
    List<Map<String, Object>> rows =
        service.rows(
            "SELECT caller, setting, target, from_value || '-' || to_value AS change"
                + " FROM audit_change ORDER BY id");
    assertThat(rows)
        .extracting(row -> row.get("change"))
        .containsExactly("enforce-observe", "observe-enforce", "enforce-off");
    assertThat(rows)
        .allSatisfy(row ->
            assertThat(row)
                .containsEntry("caller", "olga")
                .containsEntry("setting", "mode")
                .containsEntry("target", "door"));
  }

  @Test
  void aChangeTakesTheRoleOperateAndATargetAndAModeThatThereAre() {
    assertThat(change("target=door&mode=off", null).statusCode()).isEqualTo(401);
    assertThat(change("target=door&mode=off", token).statusCode()).isEqualTo(403);
    assertRefused("target=window&mode=off", "target: unknown (expected: ");
    assertRefused("target=door&mode=loud", "mode: unknown (expected: off, observe or enforce)");
    assertRefused("mode=off", "target: missing (expected: one)");
    assertRefused("target=door", "mode: missing (expected: one)");
    assertRefused("target=door&mode=off&mode=enforce", "mode: several (expected: one)");
    assertThat(change("target=door&mode=enforce", operator).body())
        .isEqualTo("{\"from\":\"enforce\",\"to\":\"enforce\",\"audit\":\"unchanged\"}");
    assertThat(service.count("SELECT count(*) FROM audit_change")).isZero();
    HttpResponse<String> all =
        service.send(HttpRequest.newBuilder(service.admin("/tasks/mode")).GET().build());
    assertThat(all.body()).contains("\"door\":\"enforce\"");
  }

  private void assertRefused(String query, String message) {
    HttpResponse<String> refused = change(query, operator);
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body()).contains(message);
  }

  private HttpResponse<String> change(String query, String bearer) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(service.admin("/tasks/mode?" + query)).POST(BodyPublishers.noBody());
    if (bearer != null) {
      request.header("Authorization", "Bearer " + bearer);
    }
    return service.send(request.build());
  }

  private HttpResponse<String> askUntilShed() {
    AtomicReference<HttpResponse<String>> refused = new AtomicReference<>();
    RunningService.await(
        "one shed",
        () -> {
          HttpResponse<String> answer = ask(STORM);
          if (answer.statusCode() == 503) {
            refused.set(answer);
          }
          return refused.get() != null;
        });
    return refused.get();
  }

  private HttpResponse<String> get(String path) {
    return service.send(HttpRequest.newBuilder(service.api(path)).GET().build());
  }

  private HttpResponse<String> ask(String priority) {
    return ask(priority, token);
  }

  private HttpResponse<String> ask(String priority, String bearer) {
    return service.send(
        HttpRequest.newBuilder(service.api("/v2/models/m/infer"))
            .header("Authorization", "Bearer " + bearer)
            .header("Priority", priority)
            .POST(BodyPublishers.ofString("x"))
            .build());
  }
}
