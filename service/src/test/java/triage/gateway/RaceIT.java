package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import triage.admission.Outcome;
import triage.backend.Attempt;
import triage.backend.BreakerSettings;
import triage.time.Alarms;

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
  private volatile CountDownLatch bodies = new CountDownLatch(0);
  private final AtomicInteger hedges = new AtomicInteger();
  private volatile int first = 200;
  private volatile int second = 200;
  private volatile Runnable whileHedged = () -> {};
  private volatile Duration takes = Duration.ZERO;
  private final List<HttpServer> models = new ArrayList<>();
  private RelayServer server;

  @BeforeEach
  void start() throws Exception {
    List<String> urls =
        List.of(
            started(() -> {
              asked.countDown();
              await(answers);
              server.time.advance(takes);
              return first;
            }),
            started(() -> {
              hedges.incrementAndGet();
              whileHedged.run();
              return second;
            }));
    server = new RelayServer(urls, Duration.ofMinutes(1));
    for (int i = 0; i < KNOWN; i++) {
      server.model().hedging().began(USUAL.toNanos());
    }
  }

  @AfterEach
  void stop() throws Exception {
    answers.countDown();
    bodies.countDown();
    server.close();
    models.forEach(model -> model.stop(0));
    threads.shutdownNow();
  }

  /// Starts a model server, and gives its URL.
  ///
  /// @param conduct gives the status when it is to answer
  private String started(IntSupplier conduct) throws IOException {
    HttpServer model =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
    model.setExecutor(threads);
    model.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          int status = conduct.getAsInt();
          CountDownLatch body = bodies; // Before the head goes out, which the test may wait for.
          exchange.sendResponseHeaders(status, 2);
          exchange.getResponseBody().flush();
          await(body);
          exchange.getResponseBody().write(new byte[] {'{', '}'});
          exchange.close();
        });
    model.start();
    models.add(model);
    return "http://127.0.0.1:" + model.getAddress().getPort();
  }

  private static void await(CountDownLatch latch) {
    try {
      if (!latch.await(10, TimeUnit.SECONDS)) {
        throw new AssertionError("not within 10 s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Asks the first backend, and lets the usual time pass.
  private Socket sentAndLate() throws Exception {
    server.model().turnstile().drain(1);
    Socket caller = server.send(INFER, REQUEST);
    await(asked);
    server.model().turnstile().undrain(1);
    server.passes(USUAL);
    return caller;
  }

  @Test
  void aHedgeIsPaidFor() throws Exception {
    try (Socket caller = sentAndLate()) {
      assertServed(caller);
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
      assertServed(caller);
    }
    assertThat(hedges).hasValue(0);
    assertThat(server.lane(1).inFlight()).isZero();
    assertThat(server.model().retries().retries()).isZero();
  }

  /// Else a server that is quick to fail would be the quickest to answer.
  @Test
  void anAnswerThatIsAFaultIsLeftToTheRequestBesideIt() throws Exception {
    second = 404;
    try (Socket caller = sentAndLate()) {
      PacedServer.await("the hedge is over", () -> hedges.get() == 1 && idle(1));
      answers.countDown();
      assertServed(caller);
    }
  }

  @Test
  void aFaultWhoseHeadCameBeforeTheHedgeIsLeftToIt() throws Exception {
    first = 500;
    CountDownLatch body = new CountDownLatch(1);
    CountDownLatch late = new CountDownLatch(1);
    bodies = body;
    server.model().turnstile().drain(1);
    try (Socket caller = server.send(INFER, REQUEST)) {
      PacedServer.await("it sleeps", () -> Alarms.sleeping(server.clock) == 1);
      AtomicBoolean head = new AtomicBoolean();
      server.reading = () -> head.set(true);
      answers.countDown();
      PacedServer.await("the head has come", head::get);
      server.reading = () -> {};
      server.model().turnstile().undrain(1);
      bodies = new CountDownLatch(0);
      whileHedged = () -> await(late);
      server.passes(USUAL);
      endFirstOnceHedged(body);
      late.countDown();
      assertServed(caller);
    }
  }

  /// Nothing is left of an answer that was left to a request which gave none.
  @Test
  void whatIsLeftToAHedgeThatBreaksOffIsNotAnswered() throws Exception {
    first = 500;
    CountDownLatch late = new CountDownLatch(1);
    whileHedged =
        () -> {
          await(late);
          throw new IllegalStateException("closes the connection");
        };
    try (Socket caller = sentAndLate()) {
      endFirstOnceHedged(answers);
      late.countDown();
      assertThat(PacedServer.read(caller, "}")).startsWith("HTTP/1.1 503 ").contains("no-backend");
      assertThat(server.ending().answered()).isFalse();
    }
  }

  /// Nor by a deadline, which is the hedge's then.
  @Test
  void whatIsLeftToAHedgeThatHangsIsNotAnswered() throws Exception {
    first = 500;
    CountDownLatch late = new CountDownLatch(1);
    whileHedged = () -> await(late);
    try (Socket caller = sentAndLate()) {
      endFirstOnceHedged(answers);
      server.passes(RelayServer.PATIENCE);
      assertThat(PacedServer.read(caller, "}"))
          .startsWith("HTTP/1.1 504 ")
          .contains("deadline-exceeded");
      assertThat(server.ending().outcome()).isEqualTo(Outcome.OVERLOADED);
    } finally {
      late.countDown();
    }
  }

  @Test
  void anAnswerThatIsLeftToTheOtherRequestReachesTheBreaker() throws Exception {
    for (int i = 1; i < BreakerSettings.DEFAULTS.failures(); i++) {
      Attempt attempt = server.breaker(1).attempt("c");
      assertThat(attempt.begin()).isTrue();
      attempt.failed();
    }
    assertThat(server.breaker(1).state()).isEqualTo("closed");
    second = 500;
    try (Socket caller = sentAndLate()) {
      PacedServer.await("the hedge is over", () -> hedges.get() == 1 && idle(1));
      assertThat(server.breaker(1).state()).isNotEqualTo("closed");
      answers.countDown();
      assertServed(caller);
    }
  }

  @Test
  void nothingIsLeftToAHedgeThatEndedByAnException() throws Exception {
    first = 500;
    AtomicReference<Thread> hedge = new AtomicReference<>();
    AtomicInteger looks = new AtomicInteger();
    server.reading =
        () -> {
          Thread reader = Thread.currentThread();
          if (reader.getName().startsWith("hedge-")) {
            hedge.set(reader);
            if (looks.incrementAndGet() == 2) {
              throw new IllegalStateException("a clock that fails once the request is sent");
            }
          }
        };
    try (Socket caller = sentAndLate()) {
      PacedServer.await("the hedge is there", () -> hedge.get() != null);
      assertThat(hedge.get().join(Duration.ofSeconds(10))).isTrue();
      answers.countDown();
      assertThat(PacedServer.read(caller, "}")).startsWith("HTTP/1.1 500 ");
      assertThat(server.ending().outcome()).isEqualTo(Outcome.FAILED);
    }
    assertThat(looks).hasValueGreaterThan(1);
    assertThat(idle(1)).isTrue();
  }

  @Test
  void theFaultOfTheFirstIsLeftToTheHedge() throws Exception {
    first = 500;
    CountDownLatch late = new CountDownLatch(1);
    whileHedged = () -> await(late);
    try (Socket caller = sentAndLate()) {
      endFirstOnceHedged(answers);
      late.countDown();
      assertServed(caller);
    }
    assertThat(server.model().hedging().wonCount()).isOne();
  }

  @Test
  void theLastFaultIsAnswered() throws Exception {
    first = 500;
    second = 404;
    try (Socket caller = sentAndLate()) {
      PacedServer.await("the hedge is over", () -> hedges.get() == 1 && idle(1));
      answers.countDown();
      assertThat(PacedServer.read(caller, "{}")).startsWith("HTTP/1.1 500 ");
      assertThat(server.ending().outcome()).isEqualTo(Outcome.FAILED);
    }
  }

  /// Under `/v1` it is no fault of the backend's.
  @Test
  void aRedirectTeachesNoUsualTime() throws Exception {
    first = 307;
    takes = USUAL.multipliedBy(10);
    answers.countDown();
    server.model().turnstile().drain(1);
    for (int i = 0; i < KNOWN; i++) {
      try (Socket caller = server.send("/v1/chat/completions", REQUEST)) {
        assertThat(PacedServer.read(caller, "{}")).startsWith("HTTP/1.1 307 ");
        assertThat(server.ending().answered()).isTrue();
      }
    }
    assertThat(server.model().hedging().delayNanos()).isEqualTo(USUAL.toNanos());
    first = 200;
    for (int i = 0; i < KNOWN; i++) {
      try (Socket caller = server.send("/v1/chat/completions", REQUEST)) {
        assertThat(PacedServer.read(caller, "{}")).startsWith("HTTP/1.1 200 ");
        assertThat(server.ending().answered()).isTrue();
      }
    }
    assertThat(server.model().hedging().delayNanos()).isEqualTo(takes.toNanos());
  }

  private void assertServed(Socket caller) throws Exception {
    assertThat(PacedServer.read(caller, "{}")).startsWith("HTTP/1.1 200 ");
    assertThat(server.ending().outcome()).isEqualTo(Outcome.SERVED);
  }

  /// Lets the first backend end its answer once the second is asked, and waits until it has.
  ///
  /// @param held what holds that end back
  private void endFirstOnceHedged(CountDownLatch held) {
    PacedServer.await("hedged", () -> hedges.get() == 1);
    held.countDown();
    PacedServer.await("the first is over", () -> idle(0));
  }

  private boolean idle(int lane) {
    return server.lane(lane).inFlight() == 0;
  }

  /// As beside a trial.
  @Test
  void aHedgeThatABreakerTurnsAwayIsNotPaidFor() throws Exception {
    server.awaitTrial(1);
    Attempt trial = server.breaker(1).attempt("c");
    assertThat(trial.begin()).isTrue();
    AtomicBoolean admitted = new AtomicBoolean();
    server.reading =
        () -> {
          if (server.lane(1).inFlight() > 0) {
            admitted.set(true);
          }
        };
    try (Socket caller = sentAndLate()) {
      // It sleeps again once it has tried.
      server.passes(Duration.ZERO);
      assertThat(admitted).isTrue();
      answers.countDown();
      assertServed(caller);
    }
    trial.abandoned();
    assertThat(hedges).hasValue(0);
    assertThat(server.lane(1).inFlight()).isZero();
    assertThat(server.model().retries().retries()).isZero();
  }
}
