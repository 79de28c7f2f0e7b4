package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static triage.gateway.PacedServer.read;
import static triage.gateway.PacedServer.readAll;
import static triage.gateway.PacedServer.send;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import triage.MadeCertificate;

/// Slow callers on TLS, on real sockets, by a clock that stands still until the test moves it.
@Timeout(60)
final class SecurePacerIT {
  private static final String HEAD = "POST /v2/models/m/infer HTTP/1.1\r\nHost: h\r\n";
  private static final Duration HEADER = ConnectionSettings.DEFAULTS.headerTimeout();
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration IDLE = Duration.ofSeconds(15);
  private static final int LEAST_PACE = (int) PaceSettings.DEFAULTS.bytesPerSecondMin();
  private static final int RECORD_BYTES = 16 << 10;

  /// The grace, and the time of a record.
  private static final int BEHIND_SECONDS = 5 + RECORD_BYTES / LEAST_PACE;

  @TempDir private static Path folder;
  private static MadeCertificate made;

  private ServerCertificate certificate;
  private PacedServer server;

  @BeforeAll
  static void make() throws Exception {
    made = MadeCertificate.of(folder, "EC");
    made.writeTo(folder);
  }

  @BeforeEach
  void start() throws Exception {
    CertificateSettings files =
        CertificateSettings.of(Path.of("server.pem"), Path.of("server.key"));
    certificate = new ServerCertificate(files, folder, InstantSource.system());
    server = new PacedServer(PaceSettings.DEFAULTS, ConnectionSettings.DEFAULTS, certificate);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
    certificate.close();
    PacedServer.await("all buffers given back", () -> server.buffers.getLeaks().isEmpty());
  }

  @Test
  void closesWhoDoesNotAgreeInTimeWhateverComesMeanwhile() throws Exception {
    byte[] hello = hello();
    try (Socket silent = server.connect();
        Socket partly = server.connect();
        Socket helloOnly = server.connect()) {
      helloOnly.getOutputStream().write(hello);
      server.awaitOpened(1); // The connection of HTTP/1.1, chosen in the midst of the handshake.
      server.awaitWatched(4);
      for (int i = 1; i < HEADER.toSeconds(); i++) {
        after(SECOND);
        partly.getOutputStream().write(hello[i - 1]);
      }
      after(SECOND.minusMillis(1));
      assertThat(server.pacer.slow(Slowness.HANDSHAKE)).isZero();
      after(Duration.ofMillis(1));

      long handshakes = server.pacer.slow(Slowness.HANDSHAKE);
      assertThat(handshakes).isBetween(2L, 3L);
      // The third one's first headers are due at the same time, and whichever is seen first.
      assertThat(handshakes + server.pacer.slow(Slowness.HEADER)).isBetween(3L, 4L);
      assertEnds(silent);
      assertEnds(partly);
      assertThat(helloOnly.getInputStream().readAllBytes()).as("the server's hello").isNotEmpty();
    }
    PacedServer.await("none open", () -> server.limits.open() == 0);
    server.awaitWatched(0);
  }

  @Test
  void closesAConnectionWhoseHeadersTakeTooLong() throws Exception {
    try (SSLSocket slow = connect();
        SSLSocket mute = connect();
        SSLSocket punctual = connect()) {
      awaitAgreed(slow, mute, punctual);
      send(slow, HEAD);
      send(punctual, HEAD);
      for (int i = 1; i < HEADER.toSeconds(); i++) {
        after(SECOND);
        send(slow, "X-Slow: 1\r\n");
      }
      after(SECOND.minusMillis(1));
      send(punctual, "Content-Length: 1\r\n\r\na");
      assertThat(read(punctual, "\r\n\r\n1")).startsWith("HTTP/1.1 200 ");
      assertThat(server.pacer.slow(Slowness.HEADER)).isZero();
      after(Duration.ofMillis(1));

      assertThat(server.pacer.slow(Slowness.HEADER)).isEqualTo(2);
      assertEnds(slow);
      assertEnds(mute);
      PacedServer.await("the punctual one left", () -> server.limits.open() == 1);
    }
    assertThat(server.pacer.slow(Slowness.HANDSHAKE)).isZero();
  }

  @Test
  void answersABodyBelowTheLeastPaceWith408AndCloses() throws Exception {
    try (SSLSocket slow = connect()) {
      send(slow, HEAD + "Content-Length: 100000\r\n\r\n");
      int seconds = drip(slow, LEAST_PACE / 2, 100);

      // At half the least pace it falls behind by half a second each second.
      assertThat(seconds).isEqualTo(2 * BEHIND_SECONDS);
      assertThat(readAll(slow))
          .startsWith("HTTP/1.1 408 ")
          .contains("Connection: close")
          .contains("the body came too slowly (expected: ");
    }
    assertThat(server.pacer.slow(Slowness.BODY)).isOne();
    PacedServer.await("nobody inside", () -> server.inside.get() == 0);
    PacedServer.await("none open", () -> server.limits.open() == 0);
  }

  @Test
  void takesABodyAtTwiceTheLeastPace() throws Exception {
    int seconds = 3 * BEHIND_SECONDS;
    int bytes = seconds * 2 * LEAST_PACE;
    try (SSLSocket caller = connect()) {
      send(caller, HEAD + "Content-Length: " + bytes + "\r\n\r\n");
      assertThat(drip(caller, 2 * LEAST_PACE, seconds)).isEqualTo(seconds);
      assertThat(read(caller, "\r\n\r\n" + bytes)).startsWith("HTTP/1.1 200 ");
    }
    assertThat(server.pacer.slow(Slowness.BODY)).isZero();
  }

  /// What is in a record is seen when all of it has come.
  @Test
  void takesWholeRecordsAtTwiceTheLeastPace() throws Exception {
    int records = 4;
    int length = RECORD_BYTES - 384;
    try (HeldSocket held = held();
        SSLSocket caller = over(held)) {
      send(caller, HEAD + "Content-Length: " + records * length + "\r\n\r\n");
      server.awaitWaitsAfter(0);
      held.hold();
      for (int i = 1; i <= records; i++) {
        send(caller, "x".repeat(length));
        while (held.held() > 0) {
          after(SECOND);
          pass(held, 2 * LEAST_PACE);
        }
      }
      assertThat(read(caller, "\r\n\r\n" + records * length)).startsWith("HTTP/1.1 200 ");
    }
    assertThat(server.pacer.slow(Slowness.BODY)).isZero();
  }

  @Test
  void answersARecordBelowTheLeastPaceWith408AndCloses() throws Exception {
    try (HeldSocket held = held();
        SSLSocket slow = over(held)) {
      send(slow, HEAD + "Content-Length: 100000\r\n\r\n");
      server.awaitWaitsAfter(0);
      held.hold();
      send(slow, "x".repeat(RECORD_BYTES));
      // Each piece ends a pause; none of them counts before the record is whole.
      for (int i = 0; i < BEHIND_SECONDS; i++) {
        pass(held, LEAST_PACE / 2);
        after(SECOND);
      }
      assertThat(server.pacer.slow(Slowness.BODY)).isZero();
      assertThat(held.held()).isPositive();
      after(Duration.ofMillis(1));
      assertThat(server.pacer.slow(Slowness.BODY)).isOne();
      assertThat(readAll(slow)).startsWith("HTTP/1.1 408 ").contains("Connection: close");
    }
    PacedServer.await("none open", () -> server.limits.open() == 0);
  }

  @Test
  void answersABodyThatPausesOverHttp2With408() throws Exception {
    try (HttpClient client = http2();
        SubmissionPublisher<ByteBuffer> body = new SubmissionPublisher<>()) {
      CompletableFuture<HttpResponse<String>> answer =
          client.sendAsync(
              HttpRequest.newBuilder(uri("/v2/models/m/infer"))
                  .POST(HttpRequest.BodyPublishers.fromPublisher(body))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      server.awaitWaitsAfter(0);
      after(Duration.ofSeconds(RECORD_BYTES / LEAST_PACE));
      assertThat(server.pacer.slow(Slowness.BODY)).isZero();
      after(Duration.ofMillis(1));

      assertThat(server.pacer.slow(Slowness.BODY)).isOne();
      assertThat(answer.get(10, TimeUnit.SECONDS).version()).isEqualTo(HttpClient.Version.HTTP_2);
      assertThat(answer.get().statusCode()).isEqualTo(408);
      assertThat(answer.get().body()).startsWith("the body came too slowly (expected: ");
    }
    PacedServer.await("nobody inside", () -> server.inside.get() == 0);
  }

  @Test
  void givesUpAnAnswerThatIsNotRead() throws Exception {
    int size = 64 << 20;
    try (SSLSocket slow = connect()) {
      awaitAgreed(slow);
      send(slow, "GET /big/" + size + " HTTP/1.1\r\nHost: h\r\n\r\n");
      server.awaitWatched(2);
      after(IDLE.plusSeconds(size / LEAST_PACE));
      assertThat(server.pacer.slow(Slowness.READER)).isZero();
      after(Duration.ofMillis(1));

      PacedServer.await("the writer told", () -> server.failure.get() != null);
      assertThat(server.failure.get()).isInstanceOf(CallerFaultException.class);
      assertThat(server.pacer.slow(Slowness.READER)).isOne();
      PacedServer.await("nobody inside", () -> server.inside.get() == 0);
      PacedServer.await("closed, with nobody reading", () -> server.limits.open() == 0);
    }
    server.awaitWatched(0);
  }

  @Test
  void sendsAnAnswerToWhoReadsAtTwiceTheLeastPace() throws Exception {
    int size = 16 << 20;
    int part = 1 << 20;
    try (SSLSocket caller = connect()) {
      awaitAgreed(caller);
      send(caller, "GET /big/" + size + " HTTP/1.1\r\nHost: h\r\n\r\n");
      assertThat(read(caller, "\r\n\r\n")).startsWith("HTTP/1.1 200 ");
      for (int i = 0; i < size / part; i++) {
        after(Duration.ofSeconds(part / (2 * LEAST_PACE)));
        assertThat(caller.getInputStream().readNBytes(part)).hasSize(part);
      }
    }
    assertThat(server.pacer.slow(Slowness.READER)).isZero();
  }

  @Test
  void givesUpAnAnswerOverHttp2ThatIsNotRead() throws Exception {
    int size = 64 << 20;
    try (HttpClient client = http2()) {
      HttpResponse<InputStream> answer =
          client.send(
              HttpRequest.newBuilder(uri("/big/" + size)).build(),
              HttpResponse.BodyHandlers.ofInputStream());
      assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_2);
      try (InputStream unread = answer.body()) {
        awaitAgreed(1, 2);
        after(IDLE.plusSeconds(size / LEAST_PACE));
        assertThat(server.pacer.slow(Slowness.READER)).isZero();
        after(Duration.ofMillis(1));

        assertThat(server.pacer.slow(Slowness.READER)).isOne();
        PacedServer.await("the writer told", () -> server.failure.get() != null);
        PacedServer.await("nobody inside", () -> server.inside.get() == 0);
      }
    }
  }

  /// Whoever closes a connection on TLS needs its lock, which a thread that reads may hold.
  @Test
  void theLookWaitsForNoConnectionsLock() throws Exception {
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    server.agreeing =
        () -> {
          held.countDown();
          await(released);
        };
    try (HeldSocket words = held();
        SSLSocket locked = over(words);
        Socket silent = server.connect()) {
      offer(locked, "h2");
      words.hold();
      Thread.startVirtualThread(() -> agree(locked));
      PacedServer.await("the client's hello", () -> words.held() > 0);
      words.pass(words.held());
      // The protocol is chosen; what ends the handshake may come only after that.
      server.awaitOpened(1);
      words.letGo();
      assertThat(held.await(10, TimeUnit.SECONDS)).isTrue();
      server.awaitWatched(3);
      Thread look = Thread.ofPlatform().start(() -> after(HEADER));
      PacedServer.await("the look is over", () -> !look.isAlive());

      assertThat(server.pacer.slow(Slowness.HEADER)).isOne();
      assertEnds(silent);
      assertThat(server.limits.open()).as("the lock is held").isPositive();
      released.countDown();
      PacedServer.await(
          "closed",
          () -> {
            after(HEADER);
            return server.limits.open() == 0;
          });
    } finally {
      released.countDown();
    }
  }

  /// Sends a piece of a record, and waits until the server has seen that it is not all of it.
  private void pass(HeldSocket held, int bytes) throws IOException {
    int before = server.demands();
    held.pass(bytes);
    if (held.held() > 0) {
      server.awaitDemandAfter(before);
    }
  }

  /// Sends so many bytes a second, until the body is over or has been given up, and gives how many
  /// seconds that took.
  private int drip(SSLSocket socket, int bytesPerSecond, int secondsMax) throws IOException {
    server.awaitWaitsAfter(0);
    for (int i = 1; i <= secondsMax; i++) {
      after(SECOND);
      if (server.pacer.slow(Slowness.BODY) > 0) {
        return i;
      }
      send(socket, "x".repeat(bytesPerSecond));
      if (i < secondsMax) {
        server.awaitWaitsAfter((long) i * bytesPerSecond);
      }
    }
    return secondsMax;
  }

  /// Waits until the server, too, knows that these have agreed, and looks after nothing else.
  private void awaitAgreed(SSLSocket... sockets) throws IOException {
    for (SSLSocket socket : sockets) {
      socket.startHandshake();
    }
    awaitAgreed(sockets.length, sockets.length);
  }

  private void awaitAgreed(int connections, int watched) {
    server.awaitOpened(connections);
    PacedServer.await(
        "handshakes over",
        () -> {
          server.pacer.check();
          return server.pacer.watched() == watched;
        });
  }

  private static void agree(SSLSocket socket) {
    try {
      socket.startHandshake();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private byte[] hello() throws Exception {
    SSLEngine engine = MadeCertificate.believing(made).createSSLEngine("localhost", 1);
    engine.setUseClientMode(true);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setApplicationProtocols(new String[] {"http/1.1"});
    engine.setSSLParameters(parameters);
    ByteBuffer hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    engine.wrap(ByteBuffer.allocate(0), hello);
    byte[] bytes = new byte[hello.flip().remaining()];
    hello.get(bytes);
    return bytes;
  }

  private HeldSocket held() throws IOException {
    HeldSocket socket = new HeldSocket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(10_000);
    return socket;
  }

  private SSLSocket connect() throws Exception {
    return over(server.connect());
  }

  private static SSLSocket over(Socket plain) throws Exception {
    SSLContext context = MadeCertificate.believing(made);
    return (SSLSocket)
        context.getSocketFactory().createSocket(plain, "localhost", plain.getPort(), true);
  }

  private static void offer(SSLSocket socket, String protocol) {
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setApplicationProtocols(new String[] {protocol});
    socket.setSSLParameters(parameters);
  }

  private static HttpClient http2() throws Exception {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_2)
        .sslContext(MadeCertificate.believing(made))
        .build();
  }

  private URI uri(String path) {
    return URI.create("https://localhost:" + server.port() + path);
  }

  /// Sees the end of a connection, with or without a farewell.
  private static void assertEnds(Socket socket) {
    try {
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    } catch (IOException reset) {
      assertThat(reset).isNotInstanceOf(SocketTimeoutException.class);
    }
  }

  private void after(Duration duration) {
    server.time.advance(duration);
    server.pacer.check();
  }
}
