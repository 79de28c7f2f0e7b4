package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import triage.admission.Outcome;
import triage.backend.Attempt;

/// What a hedge costs, by a clock that the test sets. The first of two backends answers when the
/// test says so, the second at once.
final class RaceIT {
  private static final String REQUEST = "Content-Length: 2\r\n\r\n{}";
  private static final String INFER = "/v2/models/m/infer";
  private static final Duration USUAL = Duration.ofMillis(100);
  private static final int KNOWN = 32;

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch answers = new CountDownLatch(1);
  private final AtomicInteger hedges = new AtomicInteger();
  private final List<HttpServer> models = new ArrayList<>();
  private RelayServer server;

  @BeforeEach
  void start() throws Exception {
    List<String> urls =
        List.of(
            started(exchange -> {
              asked.countDown();
              await(answers);
            }),
            started(_ -> hedges.incrementAndGet()));
    server = new RelayServer(urls, Duration.ofMinutes(1));
    for (int i = 0; i < KNOWN; i++) {
      server.model().hedging().began(USUAL.toNanos());
    }
  }

  @AfterEach
  void stop() throws Exception {
    answers.countDown();
    server.close();
    models.forEach(model -> model.stop(0));
    threads.shutdownNow();
  }

  private interface Conduct {
    void before(HttpExchange exchange) throws IOException;
  }

  /// Starts a model server, and gives its URL.
  private String started(Conduct conduct) throws IOException {
    HttpServer model =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
    model.setExecutor(threads);
    model.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          conduct.before(exchange);
          exchange.sendResponseHeaders(200, 2);
          exchange.getResponseBody().write(new byte[] {'{', '}'});
          exchange.close();
        });
    model.start();
    models.add(model);
    return "http://127.0.0.1:" + model.getAddress().getPort();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Asks the first backend, and lets the usual time pass.
  private Socket sentAndLate() throws Exception {
    server.model().turnstile().drain(1);
    Socket caller = server.send(INFER, REQUEST);
    asked.await();
    server.model().turnstile().undrain(1);
    server.passes(USUAL);
    return caller;
  }

  @Test
  void aHedgeIsPaidFor() throws Exception {
    try (Socket caller = sentAndLate()) {
      assertThat(PacedServer.read(caller, "{}")).startsWith("HTTP/1.1 200 ");
      assertThat(server.ending().outcome()).isEqualTo(Outcome.SERVED);
    }
    assertThat(hedges).hasValue(1);
    assertThat(server.model().retries().retries()).isOne();
  }

  /// The first answer comes once the second request has its permit.
  @Test
  void aHedgeThatComesTooLateIsNotPaidFor() throws Exception {
    server.reading =
        () -> {
          if (server.lane(1).inFlight() > 0) {
            server.reading = () -> {};
            answers.countDown();
            server.written.acquireUninterruptibly();
          }
        };
    try (Socket caller = sentAndLate()) {
      assertThat(PacedServer.read(caller, "{}")).startsWith("HTTP/1.1 200 ");
      assertThat(server.ending().outcome()).isEqualTo(Outcome.SERVED);
    }
    assertThat(hedges).hasValue(0);
    assertThat(server.lane(1).inFlight()).isZero();
    assertThat(server.model().retries().retries()).isZero();
  }

  /// As beside a trial.
  @Test
  void aHedgeThatABreakerTurnsAwayIsNotPaidFor() throws Exception {
    server.awaitTrial(1);
    Attempt trial = server.breaker(1).attempt("c");
    assertThat(trial.begin()).isTrue();
    try (Socket caller = sentAndLate()) {
      // It sleeps again once it has tried.
      server.passes(Duration.ZERO);
      answers.countDown();
      assertThat(PacedServer.read(caller, "{}")).startsWith("HTTP/1.1 200 ");
      assertThat(server.ending().outcome()).isEqualTo(Outcome.SERVED);
    }
    trial.abandoned();
    assertThat(hedges).hasValue(0);
    assertThat(server.lane(1).inFlight()).isZero();
    assertThat(server.model().retries().retries()).isZero();
  }
}
