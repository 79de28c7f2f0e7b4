package triage.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// An instance that goes down while callers wait for jobs.
final class DrainIT {
  private static final String ANALYSES = "/api/v1/analyses";
  private static final String ANALYSIS =
      "{\"model\":\"m\",\"study\":\"S-1\",\"site\":\"07\",\"subject\":\"007\","
          + "\"input\":{\"inputs\":[]}}";
  private static final Executor THREADS = command -> Thread.startVirtualThread(command);

  @TempDir Path folder;

  @Test
  void whoWaitsForAJobIsAnsweredAtOnce() throws Exception {
    try (FakeModelServer model = new FakeModelServer()) {
      RunningService service = start(model);
      CompletableFuture<HttpResponse<String>> deferred =
          CompletableFuture.supplyAsync(
              () -> service.post(ANALYSES, ANALYSIS, "Prefer", "respond-async, wait=60"), THREADS);
      RunningService.await("asked", () -> model.underWay() == 1);
      String job = "/api/v1/jobs/" + service.rows("SELECT id::text FROM jobs").getFirst().get("id");
      CompletableFuture<HttpResponse<String>> polled =
          CompletableFuture.supplyAsync(
              () -> service.send(service.request(job).header("Prefer", "wait=60").GET().build()),
              THREADS);
      RunningService.await("both inside", () -> service.metric("triage_door_in_flight") == 2);

      CompletableFuture<Void> stopped = CompletableFuture.runAsync(() -> close(service), THREADS);
      try {
        assertThat(deferred.join().statusCode()).isEqualTo(202);
        assertThat(polled.join().statusCode()).isEqualTo(200);
        assertThat(polled.join().body()).contains("\"state\":\"running\"");
      } finally {
        model.release(1_000);
        stopped.join();
      }
    }
  }

  @Test
  void streamsOfEventsEndWithAWordAndATimeToComeBack() throws Exception {
    try (FakeModelServer model = new FakeModelServer()) {
      RunningService service = start(model);
      EventReader reader = EventReader.open(service, "/api/v1/events", "");
      assertThat(reader.next().id()).isNotEmpty();

      CompletableFuture<Void> stopped = CompletableFuture.runAsync(() -> close(service), THREADS);
      EventReader.Block end = reader.next(block -> !block.event().isEmpty());
      assertThat(end.event()).isEqualTo("end");
      assertThat(end.data()).isEqualTo("{\"reason\":\"draining\"}");
      assertThat(Integer.parseInt(end.retry())).isPositive();
      assertThat(reader.next().last()).isTrue();
      stopped.join();
    }
  }

  /// Starts the service with a longer drain than a caller of these tests has patience for: who is
  /// answered, is so by the drain.
  private RunningService start(FakeModelServer model) throws Exception {
    return RunningService.startServer(
        folder,
        "drainTimeout: 10m",
        """
        models:
          m: {backends: [{url: "%s", limit: 1}]}
        """
            .formatted(model.url()));
  }

  private static void close(RunningService service) {
    try {
      service.close();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
