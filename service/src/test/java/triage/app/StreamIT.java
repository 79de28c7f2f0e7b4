package triage.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import triage.Received;

/// Streams of server-sent events under `/v1`, byte by byte on both sides.
final class StreamIT {
  private static final String CHAT = "/v1/chat/completions";
  private static final String HEAD =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
          + "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n";
  private static final String EVENT = "data: {\"choices\":[]}\n\n";
  private static final String BROKEN_OFF =
      "data: {\"error\":{\"message\":\"the model server broke off in the middle of its answer; ask"
          + " again\",\"type\":\"server_error\",\"param\":null,\"code\":\"no-backend\"}}\n\n";

  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e47";

  @TempDir static Path folder;

  private static ScriptedServer server;
  private static RunningService service;

  @BeforeAll
  static void start() throws Exception {
    server = ScriptedServer.start();
    String backends =
        "breaker: {failures: 1000, of: 1000}, backends: [{url: '" + server.url() + "'}]";
    service =
        RunningService.start(
            folder,
            """
            models:
              m: {%1$s}
              impatient: {streamIdleTimeout: 500ms, %1$s}
              beating: {heartbeat: 100ms, %1$s}
              dead: {heartbeat: 100ms, streamIdleTimeout: 1s, %1$s}
            """
                .formatted(backends));
  }

  @AfterAll
  static void stop() throws Exception {
    service.close();
    server.close();
  }

  /// The server sends a part only once the caller has had all parts before it.
  @ParameterizedTest
  @CsvSource({"chat_completion_chunk_stream.txt, 01", "completion_chunk_stream.txt, 02"})
  void relaysEveryPartAtOnceAndByteForByte(String recorded, String trace) throws Exception {
    byte[] stream = fixture(recorded);
    int step = 100;
    Semaphore read = new Semaphore(1);
    server.follow((_, wire) -> {
      wire.write(HEAD);
      for (int at = 0; at < stream.length; at += step) {
        assertThat(read.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
        wire.chunk(Arrays.copyOfRange(stream, at, Math.min(at + step, stream.length)));
      }
      wire.chunk(new byte[0]);
      return true;
    });
    HttpRequest request =
        service
            .request(CHAT)
            .header("traceparent", traceparent(trace))
            .POST(HttpRequest.BodyPublishers.ofString(ask("m")))
            .build();
    HttpResponse<InputStream> answer = service.stream(request);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().allValues("Content-Type"))
        .containsExactly("text/event-stream; charset=utf-8");
    assertThat(answer.headers().firstValue("Cache-Control")).hasValue("no-cache");
    assertThat(answer.headers().firstValue("Triage-Backend")).hasValue("m-0");
    ByteArrayOutputStream got = new ByteArrayOutputStream();
    while (got.size() < stream.length) {
      got.writeBytes(answer.body().readNBytes(Math.min(step, stream.length - got.size())));
      read.release();
    }
    assertThat(answer.body().read()).isEqualTo(-1);
    assertThat(got.toByteArray()).isEqualTo(stream);
    assertThat(got.toString(UTF_8)).endsWith("data: [DONE]\n\n");
    awaitRow("served", trace);
  }

  @Test
  void tellsApartWhenAnswersBeginAndHowLongTheyLast() throws Exception {
    Semaphore read = new Semaphore(0);
    server.follow((_, wire) -> {
      wire.write(HEAD).chunk(EVENT);
      assertThat(read.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
      wire.chunk("data: [DONE]\n\n").chunk("");
      return true;
    });
    HttpRequest request =
        service.request(CHAT).POST(HttpRequest.BodyPublishers.ofString(ask("m"))).build();
    InputStream answer = service.stream(request).body();
    assertThat(answer.readNBytes(EVENT.length())).hasSize(EVENT.length());
    read.release();
    answer.readAllBytes();

    RunningService.await(
        "an answer begins before it ends",
        () -> usual("answersAfterMs") > 0 && usual("answersAfterMs") < usual("usualMs"));
  }

  private static double usual(String which) {
    HttpRequest request = HttpRequest.newBuilder(service.admin("/backends")).GET().build();
    try {
      for (JsonNode model :
          new ObjectMapper().readTree(service.send(request).body()).get("models")) {
        if (model.get("model").textValue().equals("m")) {
          return model.at("/backends/0/" + which).doubleValue();
        }
      }
      throw new AssertionError("no model m");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void goesOnBeyondTheDeadlineOnceItHasBegun() {
    server.follow((_, wire) -> {
      wire.write(HEAD).chunk(EVENT);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(3_200));
      wire.chunk("data: [DONE]\n\n").chunk("");
      return true;
    });
    HttpResponse<String> answer = service.post(CHAT, ask("m"), "Request-Timeout", "3");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo(EVENT + "data: [DONE]\n\n");
  }

  @Test
  void endsAtTheDeadlineWithoutAFirstEvent() throws Exception {
    CompletableFuture<Boolean> cancelled = new CompletableFuture<>();
    server.follow((_, wire) -> {
      wire.write(HEAD);
      cancelled.complete(wire.awaitClose());
      return false;
    });
    HttpResponse<String> answer = service.post(CHAT, ask("m"), "Request-Timeout", "0.5");
    assertThat(answer.statusCode()).isEqualTo(504);
    assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/json");
    assertThat(answer.headers().firstValue("x-should-retry")).hasValue("false");
    assertThat(answer.body()).contains("\"code\":\"deadline-exceeded\"");
    assertThat(cancelled.get(20, TimeUnit.SECONDS)).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"'', 11", "'data: {\"cho', 12", "'data: x\n', 13"})
  void tellsInTheStreamThatTheServerBrokeOff(String begun, String trace) throws Exception {
    Semaphore read = new Semaphore(0);
    server.follow((_, wire) -> {
      wire.write(HEAD).chunk(EVENT + begun);
      assertThat(read.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
      return false;
    });
    try (Socket caller = caller("m", trace)) {
      String first = Received.until(caller.getInputStream(), EVENT + begun);
      assertThat(first).startsWith("HTTP/1.1 200 OK\r\n");
      read.release();
      String rest = new String(caller.getInputStream().readAllBytes(), UTF_8);
      String last = (begun.isEmpty() ? "" : "\n\n") + BROKEN_OFF;
      // One chunk, and not the one that would say that the body is whole.
      assertThat(rest).isEqualToIgnoringCase("\r\n%x\r\n%s".formatted(last.length(), last));
    }
    awaitRow("failed", trace);
    awaitPermitBack("m");
  }

  @Test
  void endsAStreamThatStandsStill() throws Exception {
    CompletableFuture<Boolean> cancelled = new CompletableFuture<>();
    server.follow((_, wire) -> {
      wire.write(HEAD).chunk(EVENT);
      cancelled.complete(wire.awaitClose());
      return false;
    });
    try (Socket caller = caller("impatient", "21")) {
      String all = new String(caller.getInputStream().readAllBytes(), UTF_8);
      assertThat(all).contains(EVENT, BROKEN_OFF).doesNotContain("[DONE]", "\r\n0\r\n");
    }
    assertThat(cancelled.get(20, TimeUnit.SECONDS)).isTrue();
    awaitRow("failed", "21");
    awaitPermitBack("impatient");
  }

  /// The pauses here only give a heartbeat time to come where it should not.
  @Test
  void hasAHeartbeatBetweenEventsAndNeverInsideOne() throws Exception {
    String half = "data: {\"cho";
    String rest = "ices\":[1]}\n\n";
    Semaphore read = new Semaphore(0);
    server.follow((_, wire) -> {
      wire.write(HEAD).chunk(EVENT);
      assertThat(read.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
      wire.chunk(half);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(400));
      wire.chunk(rest + "data: [DONE]\n\n");
      wire.chunk("");
      return true;
    });
    HttpRequest request =
        service.request(CHAT).POST(HttpRequest.BodyPublishers.ofString(ask("beating"))).build();
    HttpResponse<InputStream> answer = service.stream(request);
    String begun = Received.until(answer.body(), EVENT + ":\n\n:\n\n:\n\n");
    assertThat(begun).startsWith(EVENT);
    read.release();
    String all = begun + new String(answer.body().readAllBytes(), UTF_8);
    assertThat(all.split("\n\n"))
        .filteredOn(block -> !block.equals(":"))
        .containsExactly(EVENT.strip(), (half + rest).strip(), "data: [DONE]");
  }

  @Test
  void endsAStreamThatHasNothingButHeartbeats() throws Exception {
    CompletableFuture<Boolean> cancelled = new CompletableFuture<>();
    server.follow((_, wire) -> {
      wire.write(HEAD).chunk(EVENT);
      cancelled.complete(wire.awaitClose());
      return false;
    });
    try (Socket caller = caller("dead", "24")) {
      String all = new String(caller.getInputStream().readAllBytes(), UTF_8);
      assertThat(all).contains(EVENT, "\r\n:\n\n\r\n", BROKEN_OFF);
    }
    assertThat(cancelled.get(20, TimeUnit.SECONDS)).isTrue();
    awaitRow("failed", "24");
    awaitPermitBack("dead");
  }

  @Test
  void cancelsAtTheServerWhenTheCallerLeavesInTheMiddle() throws Exception {
    CompletableFuture<Boolean> cancelled = new CompletableFuture<>();
    server.follow((_, wire) -> {
      wire.write(HEAD).chunk(EVENT);
      cancelled.complete(wire.awaitClose());
      return false;
    });
    try (Socket caller = caller("m", "22")) {
      Received.until(caller.getInputStream(), EVENT);
      assertThat(cancelled.isDone()).isFalse();
    }
    assertThat(cancelled.get(20, TimeUnit.SECONDS)).isTrue();
    awaitRow("abandoned", "22");
    awaitPermitBack("m");
  }

  @Test
  void cutsOffWhatIsNoStreamOfEvents() throws Exception {
    server.follow((_, wire) -> {
      wire.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"half\":");
      return false;
    });
    try (Socket caller = caller("m", "23")) {
      String all = new String(caller.getInputStream().readAllBytes(), UTF_8);
      assertThat(all).startsWith("HTTP/1.1 200 OK\r\n").endsWith("\r\n\r\n{\"half\":");
    }
  }

  private static String ask(String model) {
    return "{\"model\":\"" + model + "\",\"stream\":true}";
  }

  private static String traceparent(String trace) {
    return "00-" + TRACE + trace + "-00f067aa0ba902b7-01";
  }

  private static Socket caller(String model, String trace) throws IOException {
    Socket caller = new Socket(InetAddress.getLoopbackAddress(), service.port("application"));
    caller.setSoTimeout(30_000);
    String request =
        """
        POST /v1/chat/completions HTTP/1.1
        Host: localhost
        Authorization: Bearer %s
        Content-Type: application/json
        traceparent: %s
        Content-Length: %d

        """
            .formatted(service.token(), traceparent(trace), ask(model).length());
    String wire = request.replace("\n", "\r\n") + ask(model);
    caller.getOutputStream().write(wire.getBytes(UTF_8));
    caller.getOutputStream().flush();
    return caller;
  }

  private static void awaitRow(String verdict, String trace) {
    RunningService.await(
        "the row: " + verdict,
        () ->
            service.count(
                    "select count(*) from triage.audit_exchange where status = 200 and verdict = '"
                        + verdict
                        + "' and trace_id = '"
                        + TRACE
                        + trace
                        + "'")
                == 1);
  }

  private static void awaitPermitBack(String model) {
    String line = "triage_in_flight{backend=\"%1$s-0\",model=\"%1$s\"}".formatted(model);
    RunningService.await("the permit is back", () -> service.metric(line) == 0);
  }

  private static byte[] fixture(String name) throws IOException {
    try (InputStream stream = StreamIT.class.getResourceAsStream("/openai/" + name)) {
      return stream.readAllBytes();
    }
  }
}
