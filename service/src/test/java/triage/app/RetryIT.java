package triage.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Requests that one backend fails and another one serves.
final class RetryIT {
  private static final String INFER = "/v2/models/m/infer";
  private static final String BODY = "{\"inputs\":[]}";

  @TempDir Path folder;
  private FaultyModelServer faulty;
  private FaultyModelServer good;
  private RunningService service;

  @BeforeEach
  void start() throws Exception {
    faulty = new FaultyModelServer();
    good = new FaultyModelServer();
    // A hundred times the weight: whatever can goes to the first.
    service =
        RunningService.start(
            folder,
            """
            models:
              m:
                backends:
                  - {url: "%s", limit: 8, weight: 100}
                  - {url: "%s", limit: 8, weight: 0.01}
            """
                .formatted(faulty.url(), good.url()));
  }

  @AfterEach
  void stop() throws Exception {
    service.close();
    faulty.close();
    good.close();
  }

  @Test
  void aConnectionThatIsRefusedOrResetIsTriedElsewhere() throws Exception {
    faulty.conduct(FaultyModelServer.Conduct.RESETS);
    assertServedBySecond(service.post(INFER, BODY));
    assertThat(faulty.inferences()).isEqualTo(1);
    faulty.close();
    assertServedBySecond(service.post(INFER, BODY));
    assertThat(good.inferences()).isEqualTo(2);
    assertThat(service.metric("triage_retries_total{model=\"m\"}")).isEqualTo(2);
    assertThat(service.metric("triage_backend_attempts_total{backend=\"m-0\",model=\"m\"}"))
        .isEqualTo(2);
    assertThat(service.metric("triage_backend_attempts_total{backend=\"m-1\",model=\"m\"}"))
        .isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"502 Bad Gateway\r\n", "503 Busy\r\n", "429 Busy\r\nRetry-After: 9\r\n"})
  void anAnswerThatSaysThatNothingWasDoneIsTriedElsewhere(String answer) {
    faulty.answer(answer);
    assertServedBySecond(service.post(INFER, BODY));
    assertThat(faulty.inferences()).isEqualTo(1);
  }

  @Test
  void anErrorOfTheModelItselfIsGivenToTheCaller() {
    faulty.answer("500 Broken\r\n");
    HttpResponse<String> answer = service.post(INFER, BODY);
    assertThat(answer.statusCode()).isEqualTo(500);
    assertThat(answer.headers().firstValue("Triage-Attempts")).hasValue("1");
    assertThat(good.inferences()).isZero();
  }

  @Test
  void whatHasBegunToReachTheCallerIsNotTriedAgain() {
    faulty.conduct(FaultyModelServer.Conduct.CUTS);
    assertThatThrownBy(() -> service.post(INFER, BODY)).isInstanceOf(UncheckedIOException.class);
    assertThat(good.inferences()).isZero();
  }

  @Test
  void aBodyTooLargeToBeKeptIsNotTriedAgain() {
    faulty.answer("503 Busy\r\nRetry-After: 7\r\n");
    HttpResponse<String> answer = service.post(INFER, " ".repeat(300_000) + BODY);
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.headers().firstValue("Retry-After")).hasValue("7");
    assertThat(good.inferences()).isZero();
  }

  @Test
  void aBackendThatOnlyRefusesRestsAsLongAsItSaysAndItsBreakerStaysClosed() {
    faulty.answer("503 Busy\r\nRetry-After: 1\r\n");
    for (int i = 0; i < 3; i++) {
      assertServedBySecond(service.post(INFER, BODY));
    }
    HttpResponse<String> meanwhile = service.post(INFER, BODY);
    assertThat(meanwhile.headers().firstValue("Triage-Backend")).hasValue("m-1");
    assertThat(meanwhile.headers().firstValue("Triage-Attempts")).hasValue("1");
    assertThat(faulty.inferences()).isEqualTo(3);

    faulty.conduct(FaultyModelServer.Conduct.SERVES);
    RunningService.await(
        "the first is asked again",
        () ->
            service
                .post(INFER, BODY)
                .headers()
                .firstValue("Triage-Backend")
                .orElse("")
                .equals("m-0"));
  }

  @Test
  void triesNoMoreThanTheBudgetHas() throws Exception {
    good.close();
    faulty.answer("503 Busy\r\n");
    for (int i = 0; i < 8; i++) {
      assertThat(service.post(INFER, BODY).statusCode()).isEqualTo(503);
    }
    assertThat(service.metric("triage_retries_total{model=\"m\"}")).isBetween(1.0, 3.0);
    assertThat(faulty.inferences()).isLessThanOrEqualTo(8 + 3);
  }

  private static void assertServedBySecond(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Triage-Backend")).hasValue("m-1");
    assertThat(answer.headers().firstValue("Triage-Attempts")).hasValue("2");
    assertThat(answer.headers().firstValue("Retry-After")).isEmpty();
  }
}
