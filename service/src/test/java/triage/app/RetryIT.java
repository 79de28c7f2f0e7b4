package triage.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Requests that one backend fails and another one serves: each test at a model of its own.
final class RetryIT {
  private static final int MODELS = 11;
  private static final String BODY = "{\"inputs\":[]}";

  @TempDir static Path folder;
  private static final List<FaultyModelServer> SERVERS = new ArrayList<>();
  private static final AtomicInteger TAKEN = new AtomicInteger();
  private static RunningService service;

  private final int number = TAKEN.getAndIncrement();
  private final String model = "m" + number;
  private final String infer = "/v2/models/" + model + "/infer";
  private final FaultyModelServer faulty = SERVERS.get(2 * number);
  private final FaultyModelServer good = SERVERS.get(2 * number + 1);

  @BeforeAll
  static void start() throws Exception {
    StringBuilder models = new StringBuilder("models:\n");
    for (int i = 0; i < MODELS; i++) {
      SERVERS.add(new FaultyModelServer());
      SERVERS.add(new FaultyModelServer());
      // Ten thousand times the weight: whatever can goes to the first.
      models.append(
          """
            m%d:
              backends:
                - {url: "%s", limit: 8, weight: 100}
                - {url: "%s", limit: 8, weight: 0.01}
          """
              .formatted(i, SERVERS.get(2 * i).url(), SERVERS.get(2 * i + 1).url()));
    }
    service = RunningService.start(folder, models.toString());
  }

  @AfterAll
  static void stop() throws Exception {
    service.close();
    for (FaultyModelServer server : SERVERS) {
      server.close();
    }
  }

  @Test
  void aConnectionThatIsRefusedOrResetIsTriedElsewhere() throws Exception {
    faulty.conduct(FaultyModelServer.Conduct.RESETS);
    assertServedBySecond(service.post(infer, BODY));
    assertThat(faulty.inferences()).isEqualTo(1);
    faulty.close();
    assertServedBySecond(service.post(infer, BODY));
    assertThat(good.inferences()).isEqualTo(2);
    assertThat(service.metric("triage_retries_total{model=\"" + model + "\"}")).isEqualTo(2);
    assertThat(service.metric(attempts(0))).isEqualTo(2);
    assertThat(service.metric(attempts(1))).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"502 Bad Gateway\r\n", "503 Busy\r\n", "429 Busy\r\nRetry-After: 9\r\n"})
  void anAnswerThatSaysThatNothingWasDoneIsTriedElsewhere(String answer) {
    faulty.answer(answer);
    assertServedBySecond(service.post(infer, BODY));
    assertThat(faulty.inferences()).isEqualTo(1);
  }

  @Test
  void noBackendIsAskedTwice() {
    faulty.answer("503 Busy\r\n");
    good.answer("503 Busy\r\n");
    HttpResponse<String> answer = service.post(infer, BODY);
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.headers().firstValue("Triage-Attempts")).hasValue("2");
    assertThat(faulty.inferences()).isEqualTo(1);
    assertThat(good.inferences()).isEqualTo(1);
  }

  @Test
  void anErrorOfTheModelItselfIsGivenToTheCaller() {
    faulty.answer("500 Broken\r\n");
    HttpResponse<String> answer = service.post(infer, BODY);
    assertThat(answer.statusCode()).isEqualTo(500);
    assertThat(answer.headers().firstValue("Triage-Attempts")).hasValue("1");
    assertThat(good.inferences()).isZero();
  }

  @Test
  void whatHasBegunToReachTheCallerIsNotTriedAgain() {
    faulty.conduct(FaultyModelServer.Conduct.CUTS);
    assertThatThrownBy(() -> service.post(infer, BODY)).isInstanceOf(UncheckedIOException.class);
    assertThat(good.inferences()).isZero();
  }

  @Test
  void aBodyTooLargeToBeKeptIsNotTriedAgain() {
    faulty.answer("503 Busy\r\nRetry-After: 7\r\n");
    HttpResponse<String> answer = service.post(infer, " ".repeat(300_000) + BODY);
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.headers().firstValue("Retry-After")).hasValue("7");
    assertThat(good.inferences()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Retry-After: 1\r\n",
        "Date: Sun, 06 Nov 1994 08:49:36 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
      })
  void aBackendThatOnlyRefusesRestsAsLongAsItSaysAndItsBreakerStaysClosed(String when) {
    faulty.answer("503 Busy\r\n" + when);
    for (int i = 0; i < 3; i++) {
      assertServedBySecond(service.post(infer, BODY));
    }
    HttpResponse<String> meanwhile = service.post(infer, BODY);
    assertThat(meanwhile.headers().firstValue("Triage-Backend")).hasValue(model + "-1");
    assertThat(meanwhile.headers().firstValue("Triage-Attempts")).hasValue("1");
    assertThat(faulty.inferences()).isEqualTo(3);

    faulty.conduct(FaultyModelServer.Conduct.SERVES);
    RunningService.await(
        "the first is asked again",
        () ->
            service
                .post(infer, BODY)
                .headers()
                .firstValue("Triage-Backend")
                .orElse("")
                .equals(model + "-0"));
  }

  @Test
  void triesNoMoreThanTheBudgetHas() throws Exception {
    good.close();
    faulty.answer("503 Busy\r\n");
    for (int i = 0; i < 8; i++) {
      assertThat(service.post(infer, BODY).statusCode()).isEqualTo(503);
    }
    assertThat(service.metric("triage_retries_total{model=\"" + model + "\"}")).isBetween(1.0, 3.0);
    assertThat(faulty.inferences()).isLessThanOrEqualTo(8 + 3);
  }

  private String attempts(int lane) {
    return "triage_backend_attempts_total{backend=\"%s-%d\",model=\"%s\"}"
        .formatted(model, lane, model);
  }

  private void assertServedBySecond(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Triage-Backend")).hasValue(model + "-1");
    assertThat(answer.headers().firstValue("Triage-Attempts")).hasValue("2");
    assertThat(answer.headers().firstValue("Retry-After")).isEmpty();
  }
}
