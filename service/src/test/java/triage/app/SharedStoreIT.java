package triage.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import triage.store.ExternalPostgres;

/// Two instances on one external PostgreSQL: what one accepts, both work on and both can tell of.
final class SharedStoreIT {
  private static final String ANALYSIS =
      "{\"model\":\"python\",\"study\":\"S-1\",\"input\":{\"inputs\":[]}}";

  private static final int JOBS = 60;

  @TempDir Path folder;

  @Test
  void shareTheirJobs() throws Exception {
    Path secret = folder.resolve("one/data/token.secret");
    try (ExternalPostgres store = ExternalPostgres.start(folder.resolve("store"));
        FakeModelServer server = new FakeModelServer();
        RunningService one = start("one", secret, server, store);
        RunningService two = start("two", secret, server, store)) {
      List<HttpResponse<String>> accepted = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        accepted.add(one.post("/api/v1/analyses", ANALYSIS, "Prefer", "respond-async"));
        assertThat(accepted.getLast().statusCode()).isEqualTo(202);
      }

      // The second has learnt of them, and holds its own one.
      RunningService.await("one each", () -> server.underWay() == 2);
      assertThat(one.count("SELECT count(DISTINCT owner) FROM jobs WHERE state = 'running'"))
          .isEqualTo(2);
      assertThat(one.count("SELECT count(*) FROM jobs WHERE state = 'waiting'")).isEqualTo(4);

      server.release(6);
      for (HttpResponse<String> job : accepted) {
        String path = job.headers().firstValue("Location").orElseThrow();
        HttpRequest wait =
            HttpRequest.newBuilder(two.api(path))
                .header("Authorization", "Bearer " + one.token())
                .header("Prefer", "wait=20")
                .build();
        assertThat(two.send(wait).body()).contains("\"state\":\"done\"");
      }
      assertThat(server.asked()).hasSize(6);
    }
  }

  @Test
  void callOffWhatTheOtherWorksOn() throws Exception {
    Path secret = folder.resolve("one/data/token.secret");
    try (ExternalPostgres store = ExternalPostgres.start(folder.resolve("store"));
        FakeModelServer server = new FakeModelServer();
        RunningService one = start("one", secret, server, store);
        RunningService two = start("two", "another", secret, server, store)) {
      HttpResponse<String> first =
          one.post("/api/v1/analyses", ANALYSIS, "Prefer", "respond-async");
      assertThat(first.statusCode()).as(first.body()).isEqualTo(202);
      RunningService.await("asked", () -> server.underWay() == 1);
      one.post("/api/v1/analyses", ANALYSIS, "Prefer", "respond-async");
      String path = first.headers().firstValue("Location").orElseThrow();

      HttpResponse<String> cancelled =
          two.send(
              HttpRequest.newBuilder(two.api(path + "/cancel"))
                  .header("Authorization", "Bearer " + one.token())
                  .POST(HttpRequest.BodyPublishers.ofString("{\"reason\":\"a slip\"}"))
                  .build());
      assertThat(cancelled.statusCode()).as(cancelled.body()).isEqualTo(200);
      // The server has not answered the first: its place is free, since nobody waits for it.
      RunningService.await("the next has its place", () -> server.underWay() == 2);
      server.answerAll(one);
    }
  }

  @Test
  void goOnWithAStreamOfEventsWhereTheOtherLeftOff() throws Exception {
    Path secret = folder.resolve("one/data/token.secret");
    try (ExternalPostgres store = ExternalPostgres.start(folder.resolve("store"));
        FakeModelServer server = new FakeModelServer();
        RunningService one = start("one", secret, server, store);
        RunningService two = start("two", secret, server, store)) {
      server.release(1_000);
      String place;
      try (EventReader reader = EventReader.open(one, "/api/v1/events", "")) {
        place = reader.next().id();
      }
      CompletableFuture<List<String>> submitted =
          CompletableFuture.supplyAsync(() -> submit(one, two, JOBS), Thread::startVirtualThread);

      List<String> ended = new ArrayList<>();
      Set<String> places = new HashSet<>();
      for (int visit = 0; ended.size() < JOBS; visit++) {
        // With jobs changing all the while, gone after each few events, and back at the other one.
        try (EventReader reader =
            new EventReader(
                visit % 2 == 0 ? one : two,
                HttpRequest.newBuilder((visit % 2 == 0 ? one : two).api("/api/v1/events"))
                    .header("Authorization", "Bearer " + one.token())
                    .header("Last-Event-ID", place)
                    .build())) {
          for (int i = 0; i < 7 && ended.size() < JOBS; i++) {
            assertThat(submitted).isNotCompletedExceptionally();
            EventReader.Block block = reader.next(event -> event.event().equals("job"));
            place = block.id();
            assertThat(places.add(place)).as(place).isTrue();
            if (block.data().contains("\"state\":\"done\"")) {
              ended.add("/api/v1/jobs/" + block.data().substring(7, 43));
            }
          }
        }
      }
      assertThat(ended).containsExactlyInAnyOrderElementsOf(submitted.join());
    }
  }

  private static List<String> submit(RunningService one, RunningService two, int jobs) {
    List<String> paths = new ArrayList<>();
    for (int i = 0; i < jobs; i++) {
      HttpResponse<String> accepted =
          one.send(
              HttpRequest.newBuilder((i % 2 == 0 ? one : two).api("/api/v1/analyses"))
                  .header("Authorization", "Bearer " + one.token())
                  .header("Prefer", "respond-async")
                  .POST(HttpRequest.BodyPublishers.ofString(ANALYSIS))
                  .build());
      assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(202);
      paths.add(accepted.headers().firstValue("Location").orElseThrow());
    }
    return paths;
  }

  private RunningService start(
      String name, Path secret, FakeModelServer server, ExternalPostgres store) throws Exception {
    return start(name, "python", secret, server, store);
  }

  private RunningService start(
      String name, String model, Path secret, FakeModelServer server, ExternalPostgres store)
      throws Exception {
    return RunningService.start(
        Files.createDirectories(folder.resolve(name)),
        """
        models: {%s: {backends: [{url: '%s', limit: 1}]}}
        identity: {secretFile: '%s'}
        """
            .formatted(model, server.url(), secret),
        store.settings());
  }
}
