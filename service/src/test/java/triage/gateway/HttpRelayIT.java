package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import triage.admission.Outcome;

/// What is booked to a backend, and what to its caller, by a clock that the test sets.
final class HttpRelayIT {
  private static final String INFER = "/v2/models/m/infer";
  private static final int BEGUN = 300_000;
  private static final int REST = 700_000;

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
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
    model.stop(0);
    threads.shutdownNow();
  }

  private static void answer(HttpExchange exchange) throws IOException {
    exchange.getRequestBody().readAllBytes();
    exchange.sendResponseHeaders(200, 2);
    exchange.getResponseBody().write(new byte[] {'{', '}'});
    exchange.close();
  }

  private RelayServer server(Duration streamIdleTimeout) throws Exception {
    return new RelayServer("http://127.0.0.1:" + model.getAddress().getPort(), streamIdleTimeout);
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
