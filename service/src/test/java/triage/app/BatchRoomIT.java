package triage.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import triage.admission.Criticality;
import triage.identity.Role;

/// How much of a batch is taken in at most, and that nothing is where the disk has no room.
final class BatchRoomIT {
  private static final String BATCHES = "/api/v1/batches";
  private static final String LINE =
      "{\"model\":\"m\",\"study\":\"S-1\",\"input\":{\"inputs\":[]}}\n";

  @TempDir Path folder;

  @Test
  void endsWhereTooMuchCannotBeTaken() throws Exception {
    try (FakeModelServer model = new FakeModelServer();
        RunningService service = start(model, "batchBytesMax: 1MiB")) {
      HttpResponse<String> refused = send(service, LINE + "x\n".repeat(10_001));

      assertThat(refused.statusCode()).isEqualTo(422);
      assertThat(refused.body()).contains("more than 10000 lines").contains("\"takenTo\":10001");
      assertThat(service.count("SELECT count(*) FROM batch_refusals"))
          .isGreaterThanOrEqualTo(10_000);
      assertThat(service.count("SELECT count(*) FROM jobs")).isOne();

      HttpResponse<String> large = send(service, LINE + (" ".repeat(1_000) + "\n").repeat(1_100));
      assertThat(large.statusCode()).isEqualTo(413);
      assertThat(large.body()).contains("1048576 bytes");
      assertThat(service.count("SELECT count(*) FROM jobs")).isEqualTo(2);
    }
  }

  @Test
  void leavesNothingBehindWhereTheDiskHasNoRoom() throws Exception {
    try (FakeModelServer model = new FakeModelServer();
        RunningService service = start(model, "diskFreeBytesMin: 1024GiB")) {
      HttpResponse<String> full = send(service, "x\n");

      assertThat(full.statusCode()).as(full.body()).isEqualTo(503);
      assertThat(full.headers().firstValue("Triage-Reason")).hasValue("intake-full");
      assertThat(service.count("SELECT count(*) FROM batch_refusals")).isZero();
      assertThat(service.count("SELECT count(*) FROM batches")).isZero();
    }
  }

  private RunningService start(FakeModelServer model, String setting) throws Exception {
    return RunningService.start(
        folder,
        """
        models: {m: {backends: [{url: '%s', limit: 1}]}}
        analysis: {%s}
        """
            .formatted(model.url(), setting));
  }

  private static HttpResponse<String> send(RunningService service, String body) {
    String token = service.token("tester", Criticality.CRITICAL, Role.REQUEST, Role.READ);
    return service.send(
        HttpRequest.newBuilder(service.api(BATCHES))
            .header("Authorization", "Bearer " + token)
            .POST(BodyPublishers.ofByteArray(body.getBytes(UTF_8)))
            .build());
  }
}
