package triage.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import triage.admission.GateSnapshot.LaneSnapshot;
import triage.admission.Outcome;
import triage.backend.Attempt;
import triage.backend.Sweeps;

/// What is booked to a backend, and what to its caller, by a clock that the test sets.
final class HttpRelayIT {
  private static final String INFER = "/v2/models/m/infer";
  private static final String CHAT = "/v1/chat/completions";
  private static final String EVENT = "data: {}\n\n";
  private static final int BEGUN = 300_000;
  private static final int REST = 700_000;

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch over = new CountDownLatch(1);
  private final BlockingQueue<String> parts = new LinkedBlockingQueue<>();
  private HttpServer model;

  @BeforeEach
  void start() throws IOException {
    model = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
    model.setExecutor(threads);
    model.createContext("/", HttpRelayIT::answer);
    model.start();
  }

  @AfterEach
  void stop() {
    over.countDown();
    model.stop(0);
    threads.shutdownNow();
  }

  private static void answer(HttpExchange exchange) throws IOException {
    exchange.getRequestBody().readAllBytes();
    exchange.sendResponseHeaders(200, 2);
    exchange.getResponseBody().write(new byte[] {'{', '}'});
    exchange.close();
  }

  private static OutputStream begin(HttpExchange exchange) throws IOException {
    exchange.getRequestBody().readAllBytes();
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    return exchange.getResponseBody();
  }

  /// Gives one event, and then nothing until the test is over.
  private void pause(HttpExchange exchange) throws IOException {
    begin(exchange).write(EVENT.getBytes(ISO_8859_1));
    exchange.getResponseBody().flush();
    awaitEnd(exchange);
  }

  /// Gives parts as the test gives them, up to an empty one.
  ///
  /// @param length what it says the length is; 0: nothing
  private void parts(HttpExchange exchange, int status, int length) throws IOException {
    exchange.getRequestBody().readAllBytes();
    exchange.sendResponseHeaders(status, length);
    try (OutputStream body = exchange.getResponseBody()) {
      for (String part = parts.take(); !part.isEmpty(); part = parts.take()) {
        body.write(part.getBytes(ISO_8859_1));
        body.flush();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Answers, and reads nothing of the body until the test is over.
  private void refuseUnread(HttpExchange exchange) throws IOException {
    exchange.sendResponseHeaders(413, 2);
    exchange.getResponseBody().write(new byte[] {'{', '}'});
    exchange.getResponseBody().flush();
    awaitEnd(exchange);
  }

  private void awaitEnd(HttpExchange exchange) {
    try {
      over.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    exchange.close();
  }

  private RelayServer server(Duration streamIdleTimeout) throws Exception {
    String url = "http://127.0.0.1:" + model.getAddress().getPort();
    return new RelayServer(List.of(url), streamIdleTimeout);
  }

  private static String text(int bytes) {
    return "x".repeat(bytes);
  }

  @Test
  void whoStillSendsAtTheDeadlineIsGivenUp() throws Exception {
    try (RelayServer server = server(Duration.ofMinutes(1));
        Socket slow =
            server.send(INFER, "Content-Length: " + (BEGUN + REST) + "\r\n\r\n" + text(BEGUN))) {
      server.awaitWaitsAfter(BEGUN);
      server.passes(RelayServer.PATIENCE);
      HttpRelay.Ending ending = server.ending();
      assertThat(ending.outcome()).isEqualTo(Outcome.ABANDONED);
      assertThat(ending.stalledNanos()).isEqualTo(RelayServer.PATIENCE.toNanos());
      assertThat(PacedServer.readAll(slow))
          .startsWith("HTTP/1.1 504 ")
          .contains("deadline passed before the body had come whole");
    }
  }

  /// What the abort does to the write that is under way comes after all else, if at all.
  @Test
  void aReaderThatStallsIsNoFailureOfTheBackend() throws Exception {
    model.createContext(CHAT, this::pause);
    try (RelayServer server = server(Duration.ofMinutes(1))) {
      server.stalls = true;
      try (Socket slow = server.send(CHAT, "Content-Length: 2\r\n\r\n{}")) {
        server.stalled.acquire();
        server.passes(Duration.ofMinutes(2));
        assertThat(server.ending().outcome()).isEqualTo(Outcome.ABANDONED);
        assertThat(slow.isConnected()).isTrue();
      }
    }
  }

  /// With one that is silent itself they would be the three that show a hang.
  @Test
  void twoReadersThatStallAreNoHangOfTheBackend() throws Exception {
    model.createContext(CHAT, this::pause);
    model.createContext(INFER, this::awaitEnd);
    try (RelayServer server = server(Duration.ofHours(1))) {
      server.stalls = true;
      try (Socket one = server.send(CHAT, "Content-Length: 2\r\n\r\n{}");
          Socket other = server.send(CHAT, "Content-Length: 2\r\n\r\n{}")) {
        server.stalled.acquire(2);
        PacedServer.await("both rest", () -> Sweeps.atWork(server.breaker()) == 0);
        try (Socket late = server.send(INFER, "Content-Length: 2\r\n\r\n{}")) {
          server.passes(RelayServer.PATIENCE, 3);
          assertThat(server.ending().outcome()).isEqualTo(Outcome.OVERLOADED);
          assertThat(PacedServer.read(late, "}")).startsWith("HTTP/1.1 504 ");
        }
        assertThat(server.breaker().state()).isEqualTo("closed");
        assertThat(one.isConnected() && other.isConnected()).isTrue();
      }
    }
  }

  /// Also after seconds, since it had said how long it would be.
  @Test
  void anAnswerThatBreaksOffIsATrialThatFailed() throws Exception {
    model.createContext(INFER, exchange -> parts(exchange, 200, 9));
    try (RelayServer server = server(Duration.ofMinutes(1))) {
      for (int i = 0; i < 3; i++) {
        if (i == 0) {
          server.awaitTrial();
        } else {
          server.awaitRotation();
        }
        try (Socket caller = server.send(INFER, "Content-Length: 2\r\n\r\n{}")) {
          parts.add("begun");
          assertThat(PacedServer.read(caller, "begun")).startsWith("HTTP/1.1 200 ");
          server.time.advance(Duration.ofMillis(i * 1000L));
          parts.add("on");
          assertThat(PacedServer.read(caller, "on")).endsWith("on");
          assertThat(server.breaker().state()).isEqualTo("half-open");
          parts.add("");
          assertThat(server.ending().outcome()).isEqualTo(Outcome.FAILED);
        }
        assertThat(server.breaker().state()).isEqualTo("open");
      }
    }
  }

  @Test
  void anAnswerThatIsWholeIsATrialThatSucceeded() throws Exception {
    try (RelayServer server = server(Duration.ofMinutes(1))) {
      server.awaitTrial();
      try (Socket caller = server.send(INFER, "Content-Length: 2\r\n\r\n{}")) {
        assertThat(PacedServer.read(caller, "{}")).startsWith("HTTP/1.1 200 ");
        assertThat(server.ending().outcome()).isEqualTo(Outcome.SERVED);
      }
      assertThat(server.breaker().state()).isEqualTo("closed");
    }
  }

  /// Its end may be minutes away.
  @Test
  void aStreamThatGoesOnForASecondIsATrialThatSucceeded() throws Exception {
    model.createContext(CHAT, exchange -> parts(exchange, 200, 0));
    try (RelayServer server = server(Duration.ofHours(1))) {
      server.awaitTrial();
      try (Socket caller = server.send(CHAT, "Content-Length: 2\r\n\r\n{}")) {
        parts.add(EVENT);
        assertThat(PacedServer.read(caller, EVENT)).startsWith("HTTP/1.1 200 ");
        server.time.advance(Duration.ofMillis(999));
        parts.add(EVENT);
        assertThat(PacedServer.read(caller, EVENT)).endsWith(EVENT);
        assertThat(server.breaker().state()).as("a moment before").isEqualTo("half-open");
        server.time.advance(Duration.ofMillis(1));
        parts.add(EVENT);
        assertThat(PacedServer.read(caller, EVENT)).endsWith(EVENT);
        assertThat(server.breaker().state()).isEqualTo("closed");
        assertThat(limit(server)).as("two beside it").isEqualTo(3);
        parts.add("");
        assertThat(server.ending().outcome()).isEqualTo(Outcome.SERVED);
      }
    }
  }

  /// Else all that send long bodies would be let in, one after the other.
  @Test
  void onlyATrialThatAwaitsItsCallerForLongLeavesItsPlace() throws Exception {
    try (RelayServer server = server(Duration.ofMinutes(1))) {
      server.awaitTrial();
      try (Socket slow =
          server.send(INFER, "Content-Length: " + (BEGUN + REST) + "\r\n\r\n" + text(BEGUN))) {
        server.awaitWaitsAfter(BEGUN);
        server.passes(Duration.ofMillis(249));
        server.passes(Duration.ZERO);
        assertThat(limit(server)).isEqualTo(1);
        assertThat(server.breaker().attempt("c").begin()).isFalse();
        server.passes(Duration.ofMillis(1));
        PacedServer.await("has left", () -> limit(server) == 2);
        Attempt next = server.breaker().attempt("c");
        assertThat(next.begin()).isTrue();
        PacedServer.send(slow, text(REST));
        assertThat(server.ending().outcome()).isEqualTo(Outcome.SERVED);
        next.abandoned();
      }
      assertThat(server.breaker().state()).isEqualTo("closed");
      assertThat(limit(server)).as("none is beside the ramp").isEqualTo(2);
    }
  }

  private static int limit(RelayServer server) {
    return server.model().turnstile().snapshot().lanes().getFirst().limit();
  }

  /// The rest of it may come slowly.
  @Test
  void aLongAnswerThatGoesOnForTenSecondsIsATrialThatSucceeded() throws Exception {
    model.createContext(INFER, exchange -> parts(exchange, 200, 13));
    try (RelayServer server = server(Duration.ofHours(1))) {
      server.awaitTrial();
      try (Socket caller = server.send(INFER, "Content-Length: 2\r\n\r\n{}")) {
        parts.add("begun");
        assertThat(PacedServer.read(caller, "begun")).startsWith("HTTP/1.1 200 ");
        server.time.advance(Duration.ofMillis(9999));
        parts.add("on");
        assertThat(PacedServer.read(caller, "on")).endsWith("on");
        assertThat(server.breaker().state()).as("a moment before").isEqualTo("half-open");
        server.time.advance(Duration.ofMillis(1));
        parts.add("on");
        assertThat(PacedServer.read(caller, "on")).endsWith("on");
        assertThat(server.breaker().state()).isEqualTo("closed");
        parts.add("over");
        parts.add("");
        assertThat(server.ending().outcome()).isEqualTo(Outcome.SERVED);
      }
    }
  }

  /// What a server had sent before it died is read only then.
  @Test
  void theTimeOfASlowReaderEndsNoTrial() throws Exception {
    model.createContext(CHAT, exchange -> parts(exchange, 200, 0));
    try (RelayServer server = server(Duration.ofHours(1))) {
      server.awaitTrial();
      server.stalls = true;
      try (Socket caller = server.send(CHAT, "Content-Length: 2\r\n\r\n{}")) {
        parts.add(EVENT);
        server.stalled.acquire();
        PacedServer.await("rests", () -> Sweeps.atWork(server.breaker()) == 0);
        parts.add(EVENT);
        server.time.advance(Duration.ofSeconds(5));
        server.resume();
        assertThat(PacedServer.read(caller, EVENT)).startsWith("HTTP/1.1 200 ");
        assertThat(PacedServer.read(caller, EVENT)).endsWith(EVENT);
        assertThat(server.breaker().state()).isEqualTo("half-open");
        parts.add("");
        assertThat(server.ending().outcome()).isEqualTo(Outcome.SERVED);
        assertThat(server.breaker().state()).isEqualTo("closed");
      }
    }
  }

  /// Nobody follows it, however long it lasts.
  @Test
  void aRedirectIsATrialThatFailed() throws Exception {
    model.createContext(INFER, exchange -> parts(exchange, 302, 0));
    try (RelayServer server = server(Duration.ofHours(1))) {
      server.awaitTrial();
      try (Socket caller = server.send(INFER, "Content-Length: 2\r\n\r\n{}")) {
        parts.add("moved");
        assertThat(PacedServer.read(caller, "moved")).startsWith("HTTP/1.1 302 ");
        assertThat(server.breaker().state()).isEqualTo("half-open");
        server.time.advance(Duration.ofMinutes(1));
        parts.add("away");
        assertThat(PacedServer.read(caller, "away")).endsWith("away");
        assertThat(server.breaker().state()).isEqualTo("half-open");
        parts.add("");
        assertThat(server.ending().outcome()).isEqualTo(Outcome.FAILED);
      }
      assertThat(server.breaker().state()).isEqualTo("open");
    }
  }

  /// But for what may be because it came slowly.
  @ParameterizedTest
  @CsvSource({"302, FAILED", "404, FAILED", "408, ABANDONED"})
  void aFaultOfTheBackendIsOneWhereTheBodyIsLong(int status, Outcome outcome) throws Exception {
    model.createContext(INFER, exchange -> parts(exchange, status, 0));
    try (RelayServer server = server(Duration.ofHours(1));
        Socket caller =
            server.send(
                INFER, "Content-Length: " + (BEGUN + REST) + "\r\n\r\n" + text(BEGUN + REST))) {
      parts.add("moved");
      parts.add("");
      assertThat(PacedServer.read(caller, "moved")).startsWith("HTTP/1.1 " + status + " ");
      assertThat(server.ending().outcome()).isEqualTo(outcome);
    }
  }

  /// Beyond its deadline, and for longer than a permit without a sign of life is left alone.
  @Test
  void aQuietStreamKeepsItsPermit() throws Exception {
    model.createContext(CHAT, this::pause);
    try (RelayServer server = server(Duration.ofHours(1));
        Socket caller = server.send(CHAT, "Content-Length: 2\r\n\r\n{}")) {
      assertThat(PacedServer.read(caller, EVENT)).startsWith("HTTP/1.1 200 ");
      for (int minute = 0; minute < 10; minute++) {
        server.passes(Duration.ofMinutes(1));
      }
      server.passes(Duration.ZERO);
      assertThat(Sweeps.takeBackLeaked(server.model().turnstile())).isZero();
      over.countDown();
      assertThat(server.ending().outcome()).isEqualTo(Outcome.SERVED);
    }
  }

  /// Nor one that hangs up on an answer that came before it had sent all.
  @Test
  void whoHangsUpOnAnEarlyAnswerIsNoFailureOfTheBackend() throws Exception {
    model.createContext(INFER, this::refuseUnread);
    try (RelayServer server = server(Duration.ofMinutes(1))) {
      try (Socket slow =
          server.send(INFER, "Content-Length: " + (BEGUN + REST) + "\r\n\r\n" + text(BEGUN))) {
        assertThat(PacedServer.read(slow, "\r\n\r\n{}")).startsWith("HTTP/1.1 413 ");
      }
      assertThat(server.ending().outcome()).isEqualTo(Outcome.ABANDONED);
    }
  }

  @Test
  void theTimeOfASlowBodyIsNotPartOfTheTimeUntilAnAnswer() throws Exception {
    model.createContext(CHAT, this::pause);
    try (RelayServer server = server(Duration.ofMinutes(1));
        Socket slow =
            server.send(CHAT, "Content-Length: " + (BEGUN + REST) + "\r\n\r\n" + text(BEGUN))) {
      server.awaitWaitsAfter(BEGUN);
      server.time.advance(Duration.ofSeconds(20));
      PacedServer.send(slow, text(REST));
      assertThat(PacedServer.read(slow, EVENT)).startsWith("HTTP/1.1 200 ");
      server.written.acquire();
      server.time.advance(Duration.ofSeconds(40));
      over.countDown();
      assertThat(server.ending().outcome()).isEqualTo(Outcome.SERVED);

      LaneSnapshot seen = server.model().turnstile().snapshot().lanes().getFirst();
      assertThat(seen.heldNanos()).isEqualTo(Duration.ofSeconds(40).toNanos());
      assertThat(seen.untilAnsweredNanos()).isZero();
    }
  }

  @Test
  void theTimeOfASlowBodyIsNotTheBackends() throws Exception {
    try (RelayServer server = server(Duration.ofMinutes(1));
        Socket slow =
            server.send(INFER, "Content-Length: " + (BEGUN + REST) + "\r\n\r\n" + text(BEGUN))) {
      server.awaitWaitsAfter(BEGUN);
      server.time.advance(Duration.ofSeconds(20));
      PacedServer.send(slow, text(REST));
      HttpRelay.Ending ending = server.ending();
      assertThat(ending.outcome()).isEqualTo(Outcome.SERVED);
      assertThat(ending.stalledNanos()).isEqualTo(Duration.ofSeconds(20).toNanos());
    }
  }
}
