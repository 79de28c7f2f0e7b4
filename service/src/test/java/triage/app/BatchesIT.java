package triage.app;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import triage.Received;
import triage.admission.Criticality;
import triage.identity.Caller;
import triage.identity.Role;

/// Batches over a real port and a real store: each line a job or a reason, and never two jobs.
final class BatchesIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String BATCHES = "/api/v1/batches";
  private static final String NDJSON = "application/x-ndjson";

  @TempDir static Path folder;
  private static RunningService service;
  private static FakeModelServer server;

  @BeforeAll
  static void start() throws Exception {
    server = new FakeModelServer();
    service =
        RunningService.start(
            folder,
            """
            models: {python: {backends: [{url: '%s', limit: 2}]}}
            analysis:
              bodyBytesMax: 64KiB
              batchBytesMax: 1MiB
              backlogBytesMax: 1MiB
              waitMax: 1s
              keyFor: 1h
              studyKeepFor: {S-LONG: 90d, S-SHORT: 1h}
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
    service.execute("DELETE FROM jobs");
    service.execute("DELETE FROM batches");
    RunningService.await("counted", () -> service.metric("triage_job_backlog_bytes") == 0);
  }

  @Test
  void makesEachLineAJobOrSaysWhatIsWrongWithIt() throws Exception {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    String deep = "[],\"parameters\":{\"a\":" + "[".repeat(40) + "]".repeat(40) + "}";
    List<String> lines =
        List.of(
            line("S-1", "007"),
            "",
            "{\"model\":\"python\",\"study\":\"S-1\",\"urgent\":true}",
            "{\"model\":\"python\",\"study\":\"S-1\",\"study\":\"S-2\",\"input\":{\"inputs\":[]}}",
            line("S-9", "009"),
            "{\"model\":\"none\",\"study\":\"S-1\",\"input\":{\"inputs\":[]}}",
            line("S-1", "J\u00e4ger"),
            line("S-1", "deep").replace("[]", deep),
            line("S-1", "x".repeat(1 << 16)),
            "not JSON",
            line("S-1", "008") + "\r");
    body.write(String.join("\n", lines).getBytes(ISO_8859_1));

    Caller caller = caller("tester", Set.of("S-1", "S-2"));
    HttpResponse<String> answer = send(caller, body.toByteArray(), List.of());

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
    JsonNode received = JSON.readTree(answer.body());
    assertThat(received.at("/lines").intValue()).isEqualTo(10);
    assertThat(received.at("/accepted").intValue()).isEqualTo(2);
    assertThat(received.at("/refused").intValue()).isEqualTo(8);
    String location = answer.headers().firstValue("Location").orElseThrow();
    assertThat(location).isEqualTo(received.at("/location").textValue());

    List<JsonNode> told = lines(location + "/lines");
    assertThat(told)
        .extracting(node -> node.at("/line").intValue())
        .containsExactly(1, 3, 4, 5, 6, 7, 8, 9, 10, 11);
    assertThat(told.get(0).at("/state").textValue()).isIn("waiting", "running");
    assertThat(service.get(told.get(0).at("/location").textValue()).body())
        .contains("\"subject\":\"007\"");
    assertProblem(told.get(1), 400, "not known here", "/urgent");
    assertProblem(told.get(2), 400, "stands twice at column", "/study");
    assertProblem(told.get(3), 403, "does not cover", "/study");
    assertProblem(told.get(4), 404, "no model", "/model");
    assertProblem(told.get(5), 400, "the line is not valid UTF-8", null);
    assertProblem(told.get(6), 400, "the line goes beyond a limit", null);
    assertProblem(told.get(7), 413, "larger than 65536 bytes", null);
    assertProblem(told.get(8), 400, "the line is not valid JSON at column", null);
    assertThat(told.toString()).doesNotContain("S-9").doesNotContain("xxx");

    server.release(2);
    RunningService.await("both done", () -> batch(location).at("/counts/done").intValue() == 2);
    assertThat(batch(location).at("/counts/refused").intValue()).isEqualTo(8);
    assertThat(batch(location).at("/state").textValue()).isEqualTo("received");
    assertThat(service.count("SELECT count(*) FROM jobs WHERE subject = '008'")).isOne();
  }

  @Test
  void tellsOfItsLinesAPageAtATime() throws Exception {
    String location = accepted(send(body(25, "{}"), List.of()));

    List<JsonNode> all = new ArrayList<>();
    String next = location + "/lines?limit=10";
    while (next != null) {
      HttpResponse<String> page = service.get(next);
      assertThat(page.headers().firstValue("Content-Type")).hasValue(NDJSON);
      page.body().lines().map(BatchesIT::json).forEach(all::add);
      next =
          page.headers()
              .firstValue("Link")
              .map(link -> link.substring(1, link.indexOf('>')))
              .orElse(null);
    }
    assertThat(all).extracting(node -> node.at("/line").intValue()).hasSize(26).isSorted();
    assertThat(lines(location + "/lines?state=refused")).hasSize(1);
    assertThat(lines(location + "/lines?state=done")).isEmpty();
    RunningService.await(
        "two running",
        () ->
            lines(location + "/lines?state=running").size() == 2
                && lines(location + "/lines?state=waiting").size() == 23);
    for (String query : List.of("after=-1", "after=1e9", "limit=0", "limit=10001", "state=x")) {
      HttpResponse<String> refused = service.get(location + "/lines?" + query);
      assertThat(refused.statusCode()).as(query).isEqualTo(400);
      assertThat(refused.body()).contains(query.substring(0, query.indexOf('=')) + " must be");
    }
  }

  @Test
  void givesTheFirstAnswerOnceMoreAndMakesNoJobTwice() throws Exception {
    byte[] body = body(20, "{}");
    List<String> key = List.of("Idempotency-Key", "again");
    HttpResponse<String> first = send(body, key);
    HttpResponse<String> again = send(body, key);

    assertThat(first.statusCode()).isEqualTo(202);
    assertThat(again.statusCode()).isEqualTo(202);
    assertThat(again.body()).isEqualTo(first.body());
    for (HttpResponse<String> accepted : List.of(first, again)) {
      assertThat(accepted.headers().firstValueAsLong("Retry-After").orElseThrow())
          .isBetween(1L, 90L);
    }
    assertThat(count("jobs")).isEqualTo(20);
    HttpResponse<String> other = send(body(20), key);
    assertThat(other.statusCode()).isEqualTo(422);
    assertThat(other.headers().firstValue("Triage-Reason")).hasValue("idempotency-mismatch");
    // A key is its caller's own.
    assertThat(send(caller("somebody", Caller.ALL_STUDIES), body, key).statusCode()).isEqualTo(202);
    assertThat(count("jobs")).isEqualTo(40);
  }

  @Test
  void keepsTheKeyForItsTimeAfterTheJobsHaveEnded() throws Exception {
    byte[] body = body(3);
    List<String> key = List.of("Idempotency-Key", "aged");
    HttpResponse<String> first = send(body, key);
    service.execute("UPDATE batches SET created_at = now() - interval '2 h'");

    assertThat(send(body, key).body()).isEqualTo(first.body());
    assertThat(count("jobs")).isEqualTo(3);

    server.release(3);
    RunningService.await(
        "done", () -> service.count("SELECT count(*) FROM jobs WHERE state = 'done'") == 3);
    assertThat(send(body, key).body()).as("its time begins now").isEqualTo(first.body());
    service.execute(
        "UPDATE jobs SET finished_at = now() - interval '2 h' WHERE batch_line IN (1, 2)");
    assertThat(send(body, key).body()).as("one has just ended").isEqualTo(first.body());
    service.execute("UPDATE jobs SET finished_at = now() - interval '2 h'");
    assertThat(send(body, key).body()).isNotEqualTo(first.body());
    assertThat(count("batches")).isEqualTo(2);
  }

  @Test
  void keepsTheKeyOfAnUploadThatBrokeOff() throws Exception {
    byte[] body = body(10);
    try (Socket socket = begun("off", body, body.length - 5)) {
      RunningService.await("under way", () -> count("jobs") > 0);
    }
    RunningService.await(
        "broken off",
        () -> service.count("SELECT count(*) FROM batches WHERE uploader IS NULL") == 1);
    server.release(10);
    RunningService.await(
        "done", () -> service.count("SELECT count(*) FROM jobs WHERE state <> 'done'") == 0);
    service.execute("UPDATE batches SET created_at = now() - interval '2 h'");

    assertThat(send(body, List.of("Idempotency-Key", "off")).statusCode()).isEqualTo(202);
    assertThat(count("batches")).isOne();
    assertThat(count("jobs")).isEqualTo(10);
  }

  @Test
  void goesOnWhereAnUploadBrokeOff() throws Exception {
    byte[] body = body(40, "{}", "{\"model\":7}");
    List<String> key = List.of("Idempotency-Key", "broken");
    // Whole lines and a part of the next one.
    try (Socket socket = begun("broken", body, 7 + new String(body, UTF_8).indexOf("s-30"))) {
      RunningService.await("some committed", () -> count("jobs") >= 25);
    }
    RunningService.await(
        "broken off",
        () -> service.count("SELECT count(*) FROM batches WHERE uploader IS NULL") == 1);
    long kept = count("jobs");
    assertThat(kept).isBetween(25L, 30L);
    assertThat(service.rows("SELECT taken_to FROM batches").getFirst())
        .containsEntry("taken_to", 30L);
    String id = service.rows("SELECT id FROM batches").getFirst().get("id").toString();
    assertThat(batch(BATCHES + "/" + id).at("/state").textValue()).isEqualTo("broken-off");

    byte[] other = new String(body, UTF_8).replace("s-3\"", "t-3\"").getBytes(UTF_8);
    HttpResponse<String> mismatch = send(other, key);
    assertThat(mismatch.statusCode()).isEqualTo(422);
    assertThat(mismatch.body()).contains("line 4 differs").contains("/api/v1/batches/" + id);
    // What was done and deleted since is not made anew.
    service.execute("UPDATE batches SET created_at = now() - interval '2 h'");
    assertThat(service.execute("DELETE FROM jobs WHERE batch_line <= 5")).isEqualTo(5);
    HttpResponse<String> whole = send(body, key);
    assertThat(whole.statusCode()).as(whole.body()).isEqualTo(202);
    assertThat(JSON.readTree(whole.body()).at("/accepted").intValue()).isEqualTo(40);
    assertThat(JSON.readTree(whole.body()).at("/refused").intValue()).isEqualTo(2);
    assertThat(count("jobs")).isEqualTo(35);
    assertThat(service.count("SELECT count(DISTINCT subject) FROM jobs")).isEqualTo(35);
    assertThat(service.count("SELECT count(*) FROM batches")).isOne();
  }

  @Test
  void takesNothingElseUnderTheKeyOfAnUploadThatBrokeOff() throws Exception {
    String[] lines = new String(body(8), UTF_8).split("\n", -1);
    lines[1] = "";
    byte[] body = String.join("\n", lines).getBytes(UTF_8);
    try (Socket socket = begun("else", body, body.length - 5)) {
      RunningService.await("some committed", () -> count("jobs") == 6);
    }
    RunningService.await(
        "broken off",
        () -> service.count("SELECT count(*) FROM batches WHERE uploader IS NULL") == 1);

    String[] shorter = Arrays.copyOf(lines, 3);
    assertMismatch(shorter, "the batch ends with line 3, before the end of what was sent");
    String[] filled = lines.clone();
    filled[1] = line("S-1", "late");
    assertMismatch(filled, "line 2 differs");
    String[] emptied = lines.clone();
    emptied[3] = "";
    assertMismatch(emptied, "line 4 differs");

    HttpResponse<String> whole = send(body, List.of("Idempotency-Key", "else"));
    assertThat(whole.statusCode()).as(whole.body()).isEqualTo(202);
    assertThat(JSON.readTree(whole.body()).at("/accepted").intValue()).isEqualTo(7);
    assertThat(count("jobs")).isEqualTo(7);
  }

  private static void assertMismatch(String[] lines, String detail) {
    byte[] body = String.join("\n", lines).getBytes(UTF_8);
    HttpResponse<String> answer = send(body, List.of("Idempotency-Key", "else"));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(422);
    assertThat(answer.headers().firstValue("Triage-Reason")).hasValue("idempotency-mismatch");
    assertThat(answer.body()).contains(detail);
    assertThat(count("jobs")).isEqualTo(6);
  }

  @Test
  void hasOneUploadOfABatchAtATime() throws Exception {
    byte[] body = body(10);
    List<String> key = List.of("Idempotency-Key", "twice");
    try (Socket socket = begun("twice", body, body.length - 5)) {
      RunningService.await("under way", () -> count("jobs") > 0);
      HttpResponse<String> running = send(body, key);
      assertThat(running.statusCode()).isEqualTo(409);
      assertThat(running.headers().firstValue("Triage-Reason")).hasValue("idempotency-running");
      assertThat(running.headers().firstValueAsLong("Retry-After").orElseThrow()).isBetween(1L, 5L);

      // One that stands still for too long may be overtaken.
      service.execute("UPDATE batches SET upload_until = now() - interval '1 s'");
      assertThat(send(body, key).statusCode()).isEqualTo(202);
      socket.getOutputStream().write(body, body.length - 5, 5);
      socket.getOutputStream().flush();
      BufferedReader answer =
          new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
      assertThat(answer.readLine()).startsWith("HTTP/1.1 409");
      assertThat(answer.lines().takeWhile(line -> !line.isEmpty()))
          .anyMatch(line -> line.matches("Retry-After: [1-5]"));
    }
    assertThat(count("jobs")).isEqualTo(10);
  }

  @Test
  void takesNothingMoreOfAnUploadThatWasOvertaken() throws Exception {
    byte[] body = body(10);
    String bad = "{\"model\":7}";
    body = (new String(body, UTF_8) + bad).getBytes(UTF_8);
    try (Socket socket = begun("late", body, body.length - bad.length() - 5)) {
      RunningService.await("under way", () -> count("jobs") == 9);
      service.execute("UPDATE batches SET uploader = gen_random_uuid()");
      socket.getOutputStream().write(body, body.length - bad.length() - 5, bad.length() + 5);
      socket.getOutputStream().flush();
      assertThat(Received.until(socket.getInputStream(), "\r\n\r\n")).startsWith("HTTP/1.1 409");
      // What it had handed in before is told of by the other.
      assertThat(Received.until(socket.getInputStream(), "}")).contains("\"takenTo\":0");
    }
    assertThat(count("jobs")).isEqualTo(9);
    assertThat(
            service.count(
                "SELECT count(*) FROM batch_refusals JOIN batches ON batches.id = batch_id"))
        .isZero();
  }

  @Test
  void tellsHowFarItCameThoughTheStoreDoesNotAnswerAtTheEnd() throws Exception {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed, true)) {
      gzip.write(body(9));
      gzip.flush();
      int whole = packed.size();
      packed.write(new byte[] {-1, -1, -1, -1});
      byte[] body = packed.toByteArray();
      try (Socket socket = begunWith("Content-Encoding: gzip", body, whole)) {
        RunningService.await("under way", () -> count("jobs") == 9);
        service.whileLocked(
            "SELECT FROM batches FOR UPDATE",
            () -> {
              socket.getOutputStream().write(body, whole, body.length - whole);
              socket.getOutputStream().flush();
              assertThat(Received.until(socket.getInputStream(), "\r\n\r\n"))
                  .startsWith("HTTP/1.1 400");
              // It has no key under which another upload might have overtaken it.
              assertThat(Received.until(socket.getInputStream(), "}")).contains("\"takenTo\":9");
            });
      }
    }
  }

  @Test
  void takesGzipAndWhatIsCalledLines() throws Exception {
    byte[] body = body(300);
    assertThat(send(gzip(body), List.of("Content-Encoding", "gzip")).statusCode()).isEqualTo(202);
    assertThat(count("jobs")).isEqualTo(300);
    assertThat(sendAs("application/x-ndjson; charset=\"UTF-8\"", body(1)).statusCode())
        .isEqualTo(202);
    for (String type : List.of("application/json", "text/plain", NDJSON + "; charset=latin1")) {
      HttpResponse<String> refused = sendAs(type, body(1));
      assertThat(refused.statusCode()).as(type).isEqualTo(415);
      assertThat(refused.body()).contains(NDJSON);
    }
    assertThat(send(body, List.of("Content-Encoding", "br")).statusCode()).isEqualTo(415);
    assertThat(send(body, List.of("Content-Encoding", "gzip")).statusCode()).isEqualTo(400);
    assertThat(service.count("SELECT count(*) FROM batches")).isEqualTo(2);
  }

  @Test
  void losesNoLineOfABodyOfSeveralGzipMembers() throws Exception {
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.write(gzip(body(3)));
    both.write(gzip(body(4)));
    HttpResponse<String> answer = send(both.toByteArray(), List.of("Content-Encoding", "gzip"));

    // Whether the second is there when the first ends is chance; that nothing gets lost is not.
    if (answer.statusCode() == 202) {
      assertThat(count("jobs")).isEqualTo(7);
      return;
    }
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains("not one whole gzip member").contains("\"takenTo\":3");
    assertThat(count("jobs")).isEqualTo(3);
  }

  @Test
  void saysHowFarItCameWhereGzipIsCutOff() throws Exception {
    byte[] whole = gzip(body(60));
    Caller caller = caller("packer", Caller.ALL_STUDIES);
    List<String> headers = List.of("Content-Encoding", "gzip");
    HttpResponse<String> cutOff = send(caller, Arrays.copyOf(whole, whole.length / 2), headers);

    assertThat(cutOff.statusCode()).as(cutOff.body()).isEqualTo(400);
    assertThat(cutOff.body()).contains("not one whole gzip member");
    assertThat(cutOff.headers().firstValue("Location")).isPresent();
    assertThat(JSON.readTree(cutOff.body()).at("/takenTo").longValue())
        .isEqualTo(count("jobs"))
        .isBetween(1L, 59L);
    for (int length : new int[] {0, 5}) {
      HttpResponse<String> none = send(caller, Arrays.copyOf(whole, length), headers);
      assertThat(none.statusCode()).as(none.body()).isEqualTo(400);
      assertThat(none.body()).contains("not gzip");
    }
    try (Socket socket = begunWith("Content-Encoding: gzip", whole, whole.length / 2)) {
      socket.shutdownOutput();
      assertThat(new String(socket.getInputStream().readNBytes(12), UTF_8))
          .as("a connection that ends")
          .isEqualTo("HTTP/1.1 408");
    }
  }

  @Test
  void takesABatchThatIsAsLargeAsItMayBeOnceMoreAndNoneThatIsLarger() throws Exception {
    String line = line("S-1", "s") + "\n";
    byte[] largest = (line + "\n".repeat((1 << 20) - line.length())).getBytes(UTF_8);
    List<String> key = List.of("Idempotency-Key", "largest");
    HttpResponse<String> first = send(largest, key);
    assertThat(first.statusCode()).as(first.body()).isEqualTo(202);
    HttpResponse<String> again = send(largest, key);
    assertThat(again.statusCode()).as(again.body()).isEqualTo(202);
    assertThat(again.body()).isEqualTo(first.body());

    // A body without line ends that holds more than it looks.
    byte[] endless = gzip(" ".repeat(40 << 20).getBytes(UTF_8));
    HttpResponse<String> refused = send(endless, List.of("Content-Encoding", "gzip"));
    assertThat(refused.statusCode()).isEqualTo(413);
    assertThat(refused.body()).contains("the batch is larger than 1048576 bytes");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''        | Idempotency-Key | %s         | 400 | 1 to 200 printable
          ''        | Prefer          | wait=1     | 400 | there is no line
          '\\n \\n' | Prefer          | wait=1     | 400 | there is no line
          """)
  void refusesWhatIsNoBatch(String body, String name, String value, int status, String detail) {
    HttpResponse<String> refused =
        send(
            body.replace("\\n", "\n").getBytes(UTF_8),
            List.of(name, value.replace("%s", "k".repeat(201))));
    assertThat(refused.statusCode()).as(refused.body()).isEqualTo(status);
    assertThat(refused.body()).contains(detail);
    assertThat(refused.headers().firstValue("Content-Type")).hasValue("application/problem+json");
  }

  @Test
  void countsLinesThatItRefusesToTheirCallersShareOfWhatWaits() throws Exception {
    // A quarter of the smallest backlog is what one caller may hold.
    Caller careless = caller("careless", Caller.ALL_STUDIES);
    HttpResponse<String> full = send(careless, "x\n".repeat(5_000).getBytes(UTF_8), List.of());

    assertThat(full.statusCode()).as(full.body()).isEqualTo(503);
    assertThat(full.headers().firstValue("Triage-Reason")).hasValue("intake-full");
    assertThat(full.headers().firstValueAsLong("Retry-After").orElseThrow()).isBetween(30L, 45L);
    assertThat(JSON.readTree(full.body()).at("/takenTo").longValue())
        .isEqualTo(
            service.count(
                "SELECT count(*) FROM batch_refusals JOIN batches ON batches.id = batch_id"
                    + " WHERE batches.caller = 'careless'"))
        .isBetween(512L, 1_024L);
  }

  @Test
  void waitsForRoomAndThenSaysHowFarItCame() throws Exception {
    // A quarter of the smallest backlog is what one caller may hold.
    String line = line("S-1", "s").replace("[]", "[],\"id\":\"" + "x".repeat(30_000) + "\"");
    byte[] body = (line + "\n").repeat(20).getBytes(UTF_8);
    List<String> key = List.of("Idempotency-Key", "full");

    Caller caller = caller("hoarder", Caller.ALL_STUDIES);
    HttpResponse<String> full = send(caller, body, key);
    assertThat(full.statusCode()).as(full.body()).isEqualTo(503);
    assertThat(full.headers().firstValue("Triage-Reason")).hasValue("intake-full");
    assertThat(full.headers().firstValue("Retry-After")).isPresent();
    long taken = JSON.readTree(full.body()).at("/takenTo").longValue();
    assertThat(taken).isEqualTo(count("jobs")).isBetween(7L, 12L);

    server.release(1_000);
    RunningService.await("all of it taken", () -> send(caller, body, key).statusCode() == 202);
    assertThat(count("jobs")).isEqualTo(20);
  }

  @Test
  void hidesBatchesOfOthersAndJobsOfOtherStudies() throws Exception {
    String location =
        accepted(send((line("S-1", "a") + "\n" + line("S-2", "b")).getBytes(UTF_8), List.of()));

    Caller other = caller("somebody", Caller.ALL_STUDIES);
    for (String path : List.of(location, location + "/lines")) {
      assertThat(get(other, path).statusCode()).isEqualTo(404);
      assertThat(get(caller("tester", Set.of("S-2")), path).statusCode()).isEqualTo(200);
    }
    assertThat(get(caller("tester", Set.of("S-2")), location + "/lines").body())
        .contains("\"line\":2")
        .doesNotContain("\"line\":1");
    for (String studies : List.of("S-1 S-2", "S-2", "S-3")) {
      Caller caller = caller("tester", Set.of(studies.split(" ")));
      JsonNode counts = json(get(caller, location).body()).at("/counts");
      assertThat(counts.at("/waiting").longValue() + counts.at("/running").longValue())
          .as(studies)
          .isEqualTo(Stream.of("S-1", "S-2").filter(studies::contains).count());
    }
    for (String id : List.of("x", "00000000-0000-7000-8000-000000000000", "%00")) {
      assertThat(service.get(BATCHES + "/" + id).statusCode()).isIn(400, 404);
      assertThat(service.get(BATCHES + "/" + id + "/lines").statusCode()).isIn(400, 404);
    }
    assertThat(service.get(BATCHES).statusCode()).isEqualTo(405);
    Caller mere = new Caller("mere", Criticality.CRITICAL, Caller.ALL_STUDIES, Set.of(), hour());
    assertThat(get(mere, location).statusCode()).isEqualTo(403);
    assertThat(send(mere, body(1), List.of()).statusCode()).isEqualTo(403);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\\ud800", "\\udc00x", "\\uffff"})
  void isNotBrokenByTextThatTheStoreMayNotLike(String text) throws Exception {
    HttpResponse<String> answer =
        send((line("S-1", text) + "\n" + line("S-1", "ok")).getBytes(UTF_8), List.of());

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
    assertThat(lines(accepted(answer) + "/lines")).hasSize(2);
  }

  @Test
  void keepsJobsAsLongAsTheirStudyWants() throws Exception {
    List<String> studies = List.of("S-1", "S-LONG", "S-SHORT");
    String body = "";
    for (String study : studies) {
      body += line(study, "2h") + "\n" + line(study, "31d") + "\n" + line(study, "91d") + "\n";
    }
    String location = accepted(send(body.getBytes(UTF_8), List.of()));
    server.release(9);
    RunningService.await("done", () -> batch(location).at("/counts/done").intValue() == 9);
    service.execute("UPDATE jobs SET study = NULL WHERE study = 'S-1' AND subject = '91d'");
    service.execute(
        "UPDATE jobs SET finished_at = now() - replace(replace(subject, 'd', ' days'), 'h', ' h')"
            + "::interval");

    RunningService.await("deleted", () -> count("jobs") == 3);
    assertThat(
            service.rows(
                "SELECT study || ' ' || subject AS kept FROM jobs ORDER BY study, subject"))
        .extracting(row -> row.get("kept"))
        .containsExactly("S-1 2h", "S-LONG 2h", "S-LONG 31d");
    // A batch goes when it is old and none of its jobs is left.
    service.execute("UPDATE batches SET created_at = now() - interval '40 days'");
    service.execute("UPDATE jobs SET finished_at = now() - interval '91 days'");
    RunningService.await("gone", () -> count("batches") == 0);
    assertThat(service.get(location).statusCode()).isEqualTo(404);
  }

  private static void assertProblem(JsonNode line, int status, String detail, String pointer) {
    assertThat(line.at("/state").textValue()).isEqualTo("refused");
    assertThat(line.at("/problem/status").intValue()).as(line.toString()).isEqualTo(status);
    assertThat(line.at("/problem/detail").textValue()).contains(detail);
    assertThat(line.at("/problem/pointer").textValue()).isEqualTo(pointer);
  }

  private static String line(String study, String subject) {
    return "{\"model\":\"python\",\"study\":\"%s\",\"subject\":\"%s\",\"input\":{\"inputs\":[]}}"
        .formatted(study, subject);
  }

  private static byte[] body(int lines, String... after) {
    StringBuilder body = new StringBuilder();
    for (int i = 0; i < lines; i++) {
      body.append(line("S-1", "s-" + i)).append('\n');
    }
    for (String line : after) {
      body.append(line).append('\n');
    }
    return body.toString().getBytes(UTF_8);
  }

  private static byte[] gzip(byte[] body) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(body);
    }
    return out.toByteArray();
  }

  /// Begins an upload and leaves it open.
  private static Socket begun(String key, byte[] body, int length) throws Exception {
    return begunWith("Idempotency-Key: " + key, body, length);
  }

  private static Socket begunWith(String header, byte[] body, int length) throws Exception {
    Socket socket = new Socket("127.0.0.1", service.port("application"));
    String head =
        "POST "
            + BATCHES
            + " HTTP/1.1\r\nHost: t\r\n"
            + header
            + "\r\nAuthorization: Bearer "
            + service.token()
            + "\r\nContent-Length: "
            + body.length
            + "\r\n\r\n";
    socket.getOutputStream().write(head.getBytes(UTF_8));
    socket.getOutputStream().write(body, 0, length);
    socket.getOutputStream().flush();
    return socket;
  }

  private static String accepted(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
    return answer.headers().firstValue("Location").orElseThrow();
  }

  private static JsonNode batch(String location) {
    return json(service.get(location).body());
  }

  private static List<JsonNode> lines(String path) {
    return service.get(path).body().lines().map(BatchesIT::json).toList();
  }

  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static long count(String table) {
    return service.count("SELECT count(*) FROM " + table);
  }

  private static Instant hour() {
    return Instant.ofEpochSecond(InstantSource.system().instant().getEpochSecond() + 3600);
  }

  private static Caller caller(String name, Set<String> studies) {
    return new Caller(
        name, Criticality.CRITICAL_PLUS, studies, Set.of(Role.REQUEST, Role.READ), hour());
  }

  private static HttpResponse<String> send(byte[] body, List<String> headers) {
    return send(caller("tester", Caller.ALL_STUDIES), body, headers);
  }

  private static HttpResponse<String> send(Caller caller, byte[] body, List<String> headers) {
    HttpRequest.Builder request = to(caller, BATCHES);
    if (!headers.isEmpty()) {
      request.headers(headers.toArray(String[]::new));
    }
    return service.send(request.POST(HttpRequest.BodyPublishers.ofByteArray(body)).build());
  }

  private static HttpResponse<String> sendAs(String type, byte[] body) {
    return send(body, List.of("Content-Type", type));
  }

  private static HttpResponse<String> get(Caller caller, String path) {
    return service.send(to(caller, path).GET().build());
  }

  private static HttpRequest.Builder to(Caller caller, String path) {
    return HttpRequest.newBuilder(service.api(path))
        .header("Authorization", "Bearer " + service.token(caller));
  }
}
