package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import triage.admission.Criticality;
import triage.admission.GateSnapshot.LaneSnapshot;
import triage.backend.Attempt;
import triage.backend.BackendBreaker;
import triage.backend.BackendSettings;
import triage.backend.BreakerSettings;
import triage.backend.HedgeSettings;
import triage.backend.HttpBackend;
import triage.backend.ModelSettings;
import triage.backend.ModelVersion;
import triage.backend.Models;
import triage.backend.Pass;
import triage.identity.Caller;
import triage.time.AlarmClock;
import triage.time.Alarms;
import triage.time.SettableTime;

/// A Jetty server that relays each request to a model server, by a clock that the test sets and
/// that rings when the test says so. Each request has [#PATIENCE].
final class RelayServer implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final Caller CALLER =
      new Caller("c", Criticality.CRITICAL, Caller.ALL_STUDIES, Set.of(), Instant.EPOCH);

  final SettableTime time = new SettableTime(Instant.EPOCH);

  /// Runs whenever a relay reads the clock.
  volatile Runnable reading = () -> {};

  final AlarmClock clock = Alarms.unwatched(this::read);

  /// Whether no part of an answer is written from now on, until [#resume].
  volatile boolean stalls;

  /// How many parts that were not.
  final Semaphore stalled = new Semaphore(0);

  /// How many parts of answers are written, and their writers told.
  final Semaphore written = new Semaphore(0);

  private final BlockingQueue<Runnable> held = new LinkedBlockingQueue<>();
  private final BlockingQueue<HttpRelay.Ending> endings = new LinkedBlockingQueue<>();
  private final AtomicLong waitsAfter = new AtomicLong(-1);
  private final Models models;
  private final Server server = new Server();
  private final ServerConnector connector = new ServerConnector(server);

  /// Starts one without heartbeats that hedges where it knows how long answers take, and has
  /// several to ask.
  ///
  /// @param urls the model servers'
  RelayServer(List<String> urls, Duration streamIdleTimeout) throws Exception {
    ModelSettings settings =
        ModelSettings.of(
            null,
            null,
            null,
            null,
            PATIENCE,
            null,
            streamIdleTimeout,
            Duration.ZERO,
            null,
            null,
            null,
            null,
            null,
            BreakerSettings.of(null, null, Duration.ofMillis(100), null),
            null,
            HedgeSettings.of(null, null),
            urls.stream().map(RelayServer::backend).toList());
    models = Models.open(Map.of("m", settings), Path.of("."), 1, time, null);
    server.addConnector(connector);
    server.setHandler(new Relaying());
    server.start();
  }

  private static BackendSettings backend(String url) {
    return BackendSettings.of(URI.create(url), null, 8, null, null, null, null, null, null);
  }

  private long read() {
    reading.run();
    return time.nanos();
  }

  ModelVersion model() {
    return Objects.requireNonNull(models.find("m"));
  }

  /// Opens the breaker, and waits until the next request is the trial. Both are by the clock of the
  /// machine.
  void awaitTrial() {
    awaitTrial(0);
  }

  /// Does the same for one of several backends.
  void awaitTrial(int lane) {
    for (int i = 0; i < BreakerSettings.DEFAULTS.failures(); i++) {
      Attempt attempt = breaker(lane).attempt("c");
      assertThat(attempt.begin()).isTrue();
      attempt.unreached();
    }
    assertThat(breaker(lane).state()).isEqualTo("open");
    awaitRotation(lane);
  }

  /// Waits until the backend is in rotation again.
  void awaitRotation() {
    awaitRotation(0);
  }

  private void awaitRotation(int lane) {
    PacedServer.await("in rotation", () -> lane(lane).open());
  }

  LaneSnapshot lane(int lane) {
    return model().turnstile().snapshot().lanes().get(lane);
  }

  BackendBreaker breaker() {
    return breaker(0);
  }

  BackendBreaker breaker(int lane) {
    return backend(lane).breaker();
  }

  HttpBackend backend(int lane) {
    return (HttpBackend) model().backends().get(lane);
  }

  /// Sends the beginning of a request.
  ///
  /// @param rest what follows its first headers
  Socket send(String path, String rest) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), connector.getLocalPort());
    socket.setSoTimeout(10_000);
    PacedServer.send(socket, "POST " + path + " HTTP/1.1\r\nHost: localhost\r\n" + rest);
    return socket;
  }

  /// Waits until so many bytes of a body have been taken, and the next ones are waited for.
  void awaitWaitsAfter(long bytes) {
    PacedServer.await("waits after " + bytes + " bytes", () -> waitsAfter.get() == bytes);
  }

  /// Waits until a relay sleeps, lets time pass, and has the clock ring.
  void passes(Duration step) {
    passes(step, 1);
  }

  /// Waits until so many relays sleep, lets time pass, and has the clock ring.
  void passes(Duration step, int sleepers) {
    PacedServer.await("sleeps", () -> Alarms.sleeping(clock) == sleepers);
    time.advance(step);
    Alarms.ring(clock);
  }

  /// Gives how the next relay ended, waiting for it. Its permit has been given back.
  HttpRelay.Ending ending() throws InterruptedException {
    HttpRelay.Ending ending = endings.poll(10, TimeUnit.SECONDS);
    if (ending == null) {
      throw new AssertionError("no relay ended within 10 s");
    }
    return ending;
  }

  /// Writes what was not written.
  void resume() {
    stalls = false;
    for (Runnable write = held.poll(); write != null; write = held.poll()) {
      write.run();
    }
  }

  private void waits(long taken) {
    waitsAfter.accumulateAndGet(taken, Math::max);
  }

  @Override
  public void close() throws Exception {
    server.stop();
    models.close();
  }

  private void serve(Request request, Response response, Callback callback) {
    Call call = new Call(request, response, callback, new RetryAfter(1), clock.nanos());
    Passage passage = new Passage(call, CALLER, model(), Criticality.CRITICAL, Instant.EPOCH);
    try {
      Body body = passage.read(null);
      HttpRelay.Ending ending = relay(passage, body);
      if (!ending.answered()) {
        Refusal fault = body.refusal();
        passage.refuse(fault == null ? Refusal.unanswered(ending.outcome()) : fault);
      }
      endings.add(ending);
    } catch (RefusedException e) {
      passage.refuse(e.refusal());
    }
  }

  private HttpRelay.Ending relay(Passage passage, Body body) throws RefusedException {
    Pass pass = new Pass("c", Criticality.CRITICAL, clock.nanos() + PATIENCE.toNanos());
    try (Permit permit = new Permit(model().turnstile(), pass)) {
      if (!permit.enter()) {
        throw new IllegalStateException("not admitted");
      }
      HttpBackend backend = backend(pass.lane());
      passage.started(backend, clock.nanos());
      Race race =
          new Race(
              passage, permit, backend, body, new CompletableFuture<>(), () -> false, clock, time);
      if (!race.begin()) {
        throw new IllegalStateException("turned away");
      }
      return race.run(PATIENCE);
    }
  }

  private final class Relaying extends Handler.Abstract {
    @Override
    public boolean handle(Request request, Response response, Callback callback) {
      Request taken = new CountedRequest(request, RelayServer.this::waits);
      Response written = new Written(taken, response);
      Thread.startVirtualThread(() -> serve(taken, written, callback));
      return true;
    }
  }

  private final class Written extends Response.Wrapper {
    private Written(Request request, Response wrapped) {
      super(request, wrapped);
    }

    @Override
    public void write(boolean last, ByteBuffer bytes, Callback callback) {
      if (!last && stalls) {
        held.add(() -> send(last, bytes, callback));
        stalled.release();
      } else {
        send(last, bytes, callback);
      }
    }

    private void send(boolean last, ByteBuffer bytes, Callback callback) {
      super.write(
          last,
          bytes,
          Callback.from(
              () -> {
                callback.succeeded();
                written.release();
              },
              callback::failed));
    }
  }
}
