package triage.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import triage.admission.Criticality;
import triage.identity.Caller;
import triage.identity.Role;

/// Streams of events about jobs, over a real port and a real store.
final class EventsIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String EVENTS = "/api/v1/events";
  private static final String ANALYSIS =
      "{\"model\":\"m\",\"study\":\"S-1\",\"subject\":\"007\",\"input\":{\"inputs\":[]}}";

  @TempDir static Path folder;
  private static RunningService service;
  private static FakeModelServer server;

  @BeforeAll
  static void start() throws Exception {
    server = new FakeModelServer();
    service =
        RunningService.startServer(
            folder,
            "pace: {grace: 500ms, bytesPerSecondMin: 1GiB, streams: {idleTimeout: 500ms}}",
            """
            models: {m: {backends: [{url: '%s', limit: 2}]}}
            analysis:
              attemptsMax: 1
              lease: 1s
              events: {streamsMax: 4, perCallerMax: 3, heartbeat: 200ms}
            """
                .formatted(server.url()));
  }

  @AfterAll
  static void stop() throws Exception {
    service.close();
    server.close();
  }

  @AfterEach
  void letTheModelAnswer() {
    server.answerAll(service);
    RunningService.await("no stream", () -> service.metric("triage_event_streams") == 0);
  }

  @Test
  void tellsWhatBecomesOfAJobUntilItsEnd() throws Exception {
    String path = submit();
    try (EventReader reader = EventReader.open(service, path + "/events", "")) {
      assertThat(reader.response().headers().firstValue("Content-Type"))
          .hasValue("text/event-stream");
      assertThat(reader.response().headers().firstValue("Cache-Control")).hasValue("no-store");
      assertThat(Integer.parseInt(reader.next().retry())).isBetween(1_000, 3_000);
      assertThat(state(reader.next(block -> !block.event().isEmpty()))).isIn("waiting", "running");
      server.release(1);
      List<EventReader.Block> rest = reader.rest();

      assertThat(state(rest.getLast())).isEqualTo("done");
      assertThat(rest.getLast().event()).isEqualTo("job");
      assertThat(JSON.readTree(rest.getLast().data()).has("result")).isFalse();
      HttpRequest again =
          service.request(path + "/events").header("Last-Event-ID", rest.getLast().id()).build();
      assertThat(service.send(again).statusCode()).isEqualTo(204);
    }
  }

  @Test
  void tellsOfAllJobsOfTheCallerAndOfNoOther() throws Exception {
    Caller elsewhere = caller("tester", Set.of("S-2"), 3600);
    try (EventReader reader = EventReader.open(service, EVENTS, "");
        EventReader foreign = open("somebody", 3600);
        EventReader study = new EventReader(service, request(elsewhere, EVENTS).build())) {
      assertThat(reader.next().id()).isNotEmpty();
      server.release(2);
      String one = submit();
      String two = submit();
      List<String> ended = new ArrayList<>();
      while (ended.size() < 2) {
        EventReader.Block block = reader.next(event -> event.event().equals("job"));
        if (state(block).equals("done")) {
          ended.add("/api/v1/jobs/" + JSON.readTree(block.data()).get("id").textValue());
        }
      }
      assertThat(ended).containsExactlyInAnyOrder(one, two);

      // What comes last is somebody's own job: what was not theirs would have come before.
      server.release(1);
      service.send(
          request(caller("somebody", Caller.ALL_STUDIES, 3600), "/api/v1/analyses")
              .POST(HttpRequest.BodyPublishers.ofString(ANALYSIS.replace("007", "own")))
              .build());
      EventReader.Block first = foreign.next(event -> event.event().equals("job"));
      assertThat(JSON.readTree(first.data()).get("subject").textValue()).isEqualTo("own");
      assertThat(study.next(block -> !block.comment().isEmpty()).event()).isEmpty();
    }
    assertThat(service.metric("triage_events_told_total")).isPositive();
  }

  @Test
  void goesOnAfterTheLastEventAndTellsEachOnce() throws Exception {
    String place;
    try (EventReader reader = EventReader.open(service, EVENTS, "")) {
      place = reader.next().id();
    }
    server.release(20);
    List<String> submitted = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      submitted.add(submit());
    }
    RunningService.await(
        "done", () -> service.count("SELECT count(*) FROM jobs WHERE finished_at IS NULL") == 0);

    List<String> told = new ArrayList<>();
    while (told.size() < 20) {
      // Gone after seven, and back.
      try (EventReader reader = EventReader.open(service, EVENTS, place)) {
        for (int i = 0; i < 7 && told.size() < 20; i++) {
          EventReader.Block block = reader.next(event -> event.event().equals("job"));
          assertThat(state(block)).isEqualTo("done");
          told.add("/api/v1/jobs/" + JSON.readTree(block.data()).get("id").textValue());
          place = block.id();
        }
      }
      RunningService.await("gone", () -> service.metric("triage_event_streams") == 0);
    }
    assertThat(told).containsExactlyInAnyOrderElementsOf(submitted);
    try (EventReader reader = EventReader.open(service, EVENTS, place)) {
      assertThat(reader.next(block -> !block.comment().isEmpty()).event()).isEmpty();
    }
  }

  @Test
  void tellsOfAGapWhereJobsWereDeletedMeanwhile() throws Exception {
    String place;
    try (EventReader reader = EventReader.open(service, EVENTS, "")) {
      place = reader.next().id();
    }
    keep("a");
    keep("b");
    keep("c");
    deleteOld("b");

    String gap;
    try (EventReader reader = EventReader.open(service, EVENTS, place)) {
      assertThat(subject(reader.next(block -> !block.event().isEmpty()))).isEqualTo("a");
      EventReader.Block second = reader.next();
      assertThat(second.event()).isEqualTo("gap");
      assertThat(second.data()).isEqualTo("{\"reason\":\"jobs-removed\"}");
      gap = second.id();
      assertThat(subject(reader.next())).isEqualTo("c");
    }
    // It goes on after the gap, or after what came last, and is told of it once.
    String last = assertNextIs("c", gap);
    assertNextIs("", last);

    deleteOld("c");
    String end = assertNextIs("gap", gap);
    assertNextIs("", end);
    assertNextIs("", last);
    // Who begins with what is oldest has missed nothing, nor has who may not see the study.
    try (EventReader reader = EventReader.open(service, EVENTS, "0")) {
      EventReader.Block oldest =
          reader.next(
              block -> block.event().equals("gap") || block.data().contains("\"subject\":\"a\""));
      assertThat(oldest.event()).isEqualTo("job");
      assertNothing(reader);
    }
    Caller elsewhere = caller("tester", Set.of("S-2"), 3600);
    try (EventReader reader =
        new EventReader(service, request(elsewhere, EVENTS).header("Last-Event-ID", gap).build())) {
      assertNothing(reader);
    }
    service.execute("DELETE FROM jobs");
  }

  /// Goes on after a place, and gives that of the next event.
  ///
  /// @param wanted its subject, or `gap`; empty if nothing is to come
  private static String assertNextIs(String wanted, String place) throws Exception {
    try (EventReader reader = EventReader.open(service, EVENTS, place)) {
      if (wanted.isEmpty()) {
        assertNothing(reader);
        return place;
      }
      EventReader.Block next = reader.next(block -> !block.event().isEmpty());
      assertThat(next.event().equals("gap") ? "gap" : subject(next)).isEqualTo(wanted);
      return next.id();
    }
  }

  private static void assertNothing(EventReader reader) throws Exception {
    EventReader.Block first =
        reader.next(block -> !block.comment().isEmpty() || !block.event().isEmpty());
    assertThat(first.event()).isEmpty();
  }

  /// Has a job done that is kept until [#deleteOld].
  private static void keep(String subject) {
    service.execute(
        """
        INSERT INTO jobs (id, caller, study, subject, model, model_version, criticality,
          body_sha256, input, state, created_at, finished_at, status)
        VALUES (gen_random_uuid(), 'tester', 'S-1', '%s', 'm', '1', 3, '', '', 'done', now(), now(),
          200)\
        """
            .formatted(subject));
  }

  private static void deleteOld(String subject) {
    service.execute(
        "UPDATE jobs SET finished_at = now() - interval '40 d' WHERE subject = '" + subject + "'");
    RunningService.await(
        "deleted",
        () -> service.count("SELECT count(*) FROM jobs WHERE subject = '" + subject + "'") == 0);
  }

  private static String subject(EventReader.Block block) throws Exception {
    return JSON.readTree(block.data()).at("/subject").textValue();
  }

  @Test
  void saysThatAJobIsNotThereAnyMore() throws Exception {
    String path = submit();
    try (EventReader reader = EventReader.open(service, path + "/events", "")) {
      assertThat(state(reader.next(block -> !block.event().isEmpty()))).isIn("waiting", "running");
      service.execute("DELETE FROM jobs");

      EventReader.Block end = reader.rest().getLast();
      assertThat(end.event()).isEqualTo("end");
      assertThat(end.data()).isEqualTo("{\"reason\":\"job-removed\"}");
    }
  }

  @Test
  void tellsNothingThatSomethingMayStillComeBefore() throws Exception {
    service.submitWhileAnotherTransactionIsUnderWay(() -> {
      try (EventReader reader = EventReader.open(service, EVENTS, "0")) {
        server.release(1);
        String job = submit();
        RunningService.await("done", () -> service.get(job).body().contains("\"state\":\"done\""));
        assertThat(reader.next(block -> !block.comment().isEmpty() || told(block, job)).event())
            .isEmpty();
      }
    });
    try (EventReader reader = EventReader.open(service, EVENTS, "0")) {
      assertThat(reader.next(block -> block.event().equals("job"))).isNotNull();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x",
        "-1",
        "1",
        "9223372036854775807-00000000-0000-7000-8000-000000000000",
        "900000000000000000-00000000-0000-7000-8000-000000000000",
        "1-00000000-0000-7000-8000-00000000000G"
      })
  void refusesAnIdThatIsNoEventOfIts(String id) throws Exception {
    HttpResponse<String> all =
        service.send(service.request(EVENTS).header("Last-Event-ID", id).build());
    assertThat(all.statusCode()).isEqualTo(400);
    assertThat(all.headers().firstValue("Content-Type")).hasValue("application/problem+json");
    assertThat(all.body()).contains("Last-Event-ID");

    String wrong = id.equals("1") ? "999" : id;
    HttpResponse<String> one =
        service.send(service.request(submit() + "/events").header("Last-Event-ID", wrong).build());
    assertThat(one.statusCode()).isEqualTo(400);
  }

  @Test
  void hidesJobsOfOthers() throws Exception {
    String path = submit();
    Caller somebody = caller("somebody", Caller.ALL_STUDIES, 3600);
    assertThat(service.send(request(somebody, path + "/events").build()).statusCode())
        .isEqualTo(404);
    assertThat(service.get("/api/v1/jobs/x/events").statusCode()).isEqualTo(404);
    Caller mute =
        new Caller("tester", Criticality.CRITICAL, Caller.ALL_STUDIES, Set.of(), inSeconds(3600));
    assertThat(service.send(request(mute, EVENTS).build()).statusCode()).isEqualTo(403);
  }

  @Test
  void holdsSoManyStreamsOfACallerAndInAll() throws Exception {
    List<EventReader> open = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      open.add(EventReader.open(service, EVENTS, ""));
    }
    HttpResponse<String> share = service.get(EVENTS);
    assertThat(share.statusCode()).isEqualTo(429);
    assertThat(share.headers().firstValue("Triage-Reason")).hasValue("quota");
    assertThat(share.headers().firstValue("Retry-After")).isPresent();

    open.add(open("somebody", 3600));
    Caller other = caller("other", Caller.ALL_STUDIES, 3600);
    HttpResponse<String> full = service.send(request(other, EVENTS).build());
    assertThat(full.statusCode()).isEqualTo(503);
    assertThat(full.headers().firstValue("Triage-Reason")).hasValue("shed-pressure");
    assertThat(service.metric("triage_event_streams")).isEqualTo(4);

    open.removeFirst().close();
    RunningService.await("room", () -> service.metric("triage_event_streams") == 3);
    open.add(EventReader.open(service, EVENTS, ""));
    assertThat(open.getLast().next().id()).isNotEmpty();
    for (EventReader reader : open) {
      reader.close();
    }
  }

  @Test
  void endsWithTheToken() throws Exception {
    try (EventReader reader = open("tester", 2)) {
      List<EventReader.Block> events = reader.rest();
      assertThat(events.getLast().event()).isEqualTo("end");
      assertThat(events.getLast().data()).isEqualTo("{\"reason\":\"token-expired\"}");
    }
  }

  @Test
  void givesUpAReaderThatDoesNotRead() throws Exception {
    service.execute(
        """
        INSERT INTO jobs (id, caller, model, model_version, criticality, body_sha256, input, state,
          created_at, finished_at, detail)
        SELECT gen_random_uuid(), 'tester', 'm', '1', 3, '', '', 'dead', now(), now(),
          repeat('x', 4000)
        FROM generate_series(1, 6000)\
        """);
    double slow = service.metric("triage_slow_callers_total{at=\"reader\"}");
    try (Socket socket = new Socket()) {
      socket.setReceiveBufferSize(4_096);
      socket.connect(
          new java.net.InetSocketAddress(
              InetAddress.getLoopbackAddress(), service.port("application")));
      socket.getOutputStream().write(head(EVENTS, "Last-Event-ID: 0\r\n").getBytes(UTF_8));
      RunningService.await(
          "given up", () -> service.metric("triage_slow_callers_total{at=\"reader\"}") == slow + 1);
      RunningService.await("closed", () -> service.metric("triage_event_streams") == 0);
    }
    service.execute("DELETE FROM jobs");
  }

  @Test
  void leavesTheConnectionForMore() throws Exception {
    String path = submit();
    server.release(1);
    RunningService.await("done", () -> service.get(path).body().contains("\"state\":\"done\""));
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port("application"));
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8))) {
      socket.setSoTimeout(30_000);
      for (int i = 0; i < 2; i++) {
        socket.getOutputStream().write(head(path + "/events", "").getBytes(UTF_8));
        String line = lines.readLine();
        assertThat(line).isEqualTo("HTTP/1.1 200 OK");
        while (!line.equals("0")) { // The last chunk.
          line = lines.readLine();
        }
        assertThat(lines.readLine()).isEmpty();
      }
      socket.getOutputStream().write(head(path, "Connection: close\r\n").getBytes(UTF_8));
      assertThat(lines.readLine()).isEqualTo("HTTP/1.1 200 OK");
    }
  }

  @Test
  void answersAHeadAndTakesNoBody() {
    HttpRequest head =
        service.request(EVENTS).method("HEAD", HttpRequest.BodyPublishers.noBody()).build();
    assertThat(service.send(head).statusCode()).isEqualTo(200);
    HttpRequest body =
        service.request(EVENTS).method("GET", HttpRequest.BodyPublishers.ofString("{}")).build();
    assertThat(service.send(body).statusCode()).isEqualTo(400);
  }

  @Test
  void ringsForAJobWhoseWorkerIsLost() throws Exception {
    String path = submit();
    RunningService.await(
        "claimed", () -> service.count("SELECT count(*) FROM jobs WHERE state = 'running'") == 1);
    String id = path.substring(path.lastIndexOf('/') + 1);
    Set<String> heard =
        service.heard(
            "triage_jobs",
            id,
            () ->
                service.execute(
                    "UPDATE jobs SET owner = gen_random_uuid(), fence = fence + 1,"
                        + " lease_until = now() - interval '1 s'"));
    assertThat(heard).contains(id, "of-tester");
    assertThat(service.get(path).body()).contains("\"state\":\"dead\"", "worker-lost");
  }

  @Test
  void showsAJobWhoseVersionIsNotServedAnyMore() throws Exception {
    String path = submit();
    String id = path.substring(path.lastIndexOf('/') + 1);
    String tag = service.get(path).headers().firstValue("ETag").orElseThrow();
    service.execute(
        "UPDATE jobs SET state = 'waiting', owner = NULL, lease_until = NULL, fence = fence + 1,"
            + " model_version = '0' WHERE id = '"
            + id
            + "'");

    HttpResponse<String> job = service.get(path);
    assertThat(JSON.readTree(job.body()).get("state").textValue()).isEqualTo("waiting");
    assertThat(JSON.readTree(job.body()).get("reason").textValue()).isEqualTo("version-not-served");
    assertThat(job.headers().firstValue("ETag").orElseThrow()).isNotEqualTo(tag);
    assertThat(service.post("/api/v1/jobs:query", "{\"ids\":[\"" + id + "\"]}").body())
        .contains("version-not-served");
    RunningService.await("counted", () -> service.metric("triage_jobs_unserved") == 1);
  }

  @Test
  void listsJobsThatWereGivenUp() throws Exception {
    service.execute("DELETE FROM jobs");
    service.execute(
        """
        INSERT INTO jobs (id, caller, study, subject, model, model_version, criticality,
          body_sha256, input, state, created_at, finished_at, reason, detail, attempts)
        SELECT ('00000000-0000-7000-8000-00000000000' || n)::uuid,
          CASE WHEN n < 5 THEN 'tester' ELSE 'other' END, 'S-1', 'p-007', 'm', '1', 3, '', '',
          'dead', now(), now(), 'worker-lost', 'the instance went away', 5
        FROM generate_series(1, 7) AS n\
        """);
    String list = "/api/v1/jobs?state=dead";
    JsonNode own = JSON.readTree(service.get(list).body());
    assertThat(own.get("jobs")).hasSize(4);
    assertThat(own.at("/jobs/0/subject").textValue()).isEqualTo("p-007");
    assertThat(own.has("next")).isFalse();

    Caller operator =
        new Caller(
            "olga", Criticality.CRITICAL, Caller.ALL_STUDIES, Set.of(Role.OPERATE), inSeconds(60));
    List<String> ids = new ArrayList<>();
    String next = list + "&limit=3";
    while (next != null) {
      HttpResponse<String> page = service.send(request(operator, next).build());
      assertThat(page.body()).contains("worker-lost").doesNotContain("p-007");
      JsonNode read = JSON.readTree(page.body());
      read.get("jobs")
          .forEach(job -> ids.add(job.get("caller").textValue() + job.get("id").textValue()));
      next = read.has("next") ? read.get("next").textValue() : null;
    }
    assertThat(ids).hasSize(7).doesNotHaveDuplicates();
    assertThat(ids.getLast()).isEqualTo("other00000000-0000-7000-8000-000000000007");

    HttpRequest replay =
        request(operator, "/api/v1/jobs/00000000-0000-7000-8000-000000000007/replay")
            .POST(HttpRequest.BodyPublishers.ofString("{\"reason\":\"the server is back\"}"))
            .build();
    assertThat(service.send(replay).statusCode()).isEqualTo(200);
    assertThat(JSON.readTree(service.send(request(operator, list).build()).body()).get("jobs"))
        .hasSize(6);
    for (String wrong :
        List.of("", "?state=done", "?state=dead&limit=201", "?state=dead&after=x")) {
      assertThat(service.get("/api/v1/jobs" + wrong).statusCode()).as(wrong).isEqualTo(400);
    }
  }

  private static String head(String path, String more) {
    return "GET "
        + path
        + " HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer "
        + service.token()
        + "\r\n"
        + more
        + "\r\n";
  }

  private static boolean told(EventReader.Block block, String path) {
    return !block.data().isEmpty() && block.data().contains(path.substring(path.length() - 36));
  }

  private static EventReader open(String caller, long seconds) throws Exception {
    return new EventReader(
        service, request(caller(caller, Caller.ALL_STUDIES, seconds), EVENTS).build());
  }

  private static Caller caller(String name, Set<String> studies, long seconds) {
    return new Caller(
        name,
        Criticality.CRITICAL_PLUS,
        studies,
        Set.of(Role.REQUEST, Role.READ),
        inSeconds(seconds));
  }

  private static Instant inSeconds(long seconds) {
    return Instant.ofEpochSecond(InstantSource.system().instant().getEpochSecond() + seconds);
  }

  private static HttpRequest.Builder request(Caller caller, String path) {
    return HttpRequest.newBuilder(service.api(path))
        .header("Authorization", "Bearer " + service.token(caller));
  }

  /// Submits an analysis for later, and gives its job's path.
  private static String submit() {
    HttpResponse<String> accepted =
        service.post("/api/v1/analyses", ANALYSIS, "Prefer", "respond-async");
    assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(202);
    return accepted.headers().firstValue("Location").orElseThrow();
  }

  private static String state(EventReader.Block block) throws Exception {
    JsonNode job = JSON.readTree(block.data());
    return job.get("state").textValue();
  }
}
