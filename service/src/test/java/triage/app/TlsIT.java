package triage.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import triage.MadeCertificate;
import triage.Received;

/// TLS at the callers' port: what holds in the clear holds there, too.
@Timeout(60)
final class TlsIT {
  private static final String TLS = "tls: {certificateFile: server.pem, keyFile: server.key}";
  private static final String INFER = "/v2/models/m/infer";

  @TempDir private static Path keys;
  private static MadeCertificate made;

  @TempDir Path folder;

  @BeforeAll
  static void make() throws Exception {
    made = MadeCertificate.of(keys, "EC");
  }

  @BeforeEach
  void write() throws Exception {
    made.writeTo(folder);
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void answersAsInTheClear(Version version) throws Exception {
    try (FakeModelServer model = new FakeModelServer();
        RunningService service = start(TLS, model.url());
        HttpClient client = client(version)) {
      model.release(2);
      for (int i = 0; i < 2; i++) {
        HttpResponse<String> answer =
            client.send(infer(service), HttpResponse.BodyHandlers.ofString());
        assertThat(answer.version()).isEqualTo(version);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Triage-Backend")).hasValue("m-0");
        assertThat(answer.sslSession().orElseThrow().getProtocol()).isEqualTo("TLSv1.3");
      }
      assertThat(model.asked()).containsExactly("body", "body");
      assertThat(service.metric("triage_certificate_ends_seconds"))
          .isEqualTo(made.certificate().getNotAfter().toInstant().getEpochSecond());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void answersUnderAnyNameAndWithoutAlpn(String protocol) throws Exception {
    try (FakeModelServer model = new FakeModelServer();
        RunningService service = start(TLS, model.url());
        SSLSocket socket = socket(service)) {
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setServerNames(List.of(new SNIHostName("triage.example.org")));
      parameters.setProtocols(new String[] {protocol});
      socket.setSSLParameters(parameters);
      send(socket, "GET /v2/health/live HTTP/1.1\r\nHost: another.example.org\r\n\r\n");
      assertThat(Received.until(socket.getInputStream(), "\r\n\r\n")).startsWith("HTTP/1.1 200 ");
      assertThat(socket.getSession().getProtocol()).isEqualTo(protocol);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"http/1.1", "h2"})
  void agreesOnWhatIsOfferedByAlpn(String protocol) throws Exception {
    try (FakeModelServer model = new FakeModelServer();
        RunningService service = start(TLS, model.url());
        SSLSocket socket = socket(service)) {
      offer(socket, protocol);
      socket.startHandshake();
      assertThat(socket.getApplicationProtocol()).isEqualTo(protocol);
      if (protocol.equals("http/1.1")) {
        send(socket, "GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assertThat(Received.until(socket.getInputStream(), "\r\n\r\n")).startsWith("HTTP/1.1 200 ");
      }
    }
  }

  /// The client's engine is asked for its hello, and for nothing after it.
  @ParameterizedTest
  @ValueSource(strings = {"http/1.1", "h2"})
  void closesWhoFallsSilentOnceAProtocolIsChosen(String protocol) throws Exception {
    String server = TLS + ", connections: {headerTimeout: 300ms}";
    try (FakeModelServer model = new FakeModelServer();
        RunningService service = start(server, model.url());
        Socket silent = plain(service)) {
      SSLEngine engine = MadeCertificate.believing(made).createSSLEngine("localhost", 1);
      engine.setUseClientMode(true);
      SSLParameters parameters = engine.getSSLParameters();
      parameters.setApplicationProtocols(new String[] {protocol});
      engine.setSSLParameters(parameters);
      ByteBuffer hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
      engine.wrap(ByteBuffer.allocate(0), hello);
      silent.getOutputStream().write(hello.array(), 0, hello.position());

      RunningService.await("closed", () -> service.metric("triage_connections") == 0);
      // Its handshake and the first headers are due at about the same time, and both may be seen.
      assertThat(slow(service, "handshake") + slow(service, "header")).isPositive();
    }
  }

  @Test
  void closesASessionThatOpensNoStream() throws Exception {
    String server = TLS + ", connections: {headerTimeout: 2s}";
    try (FakeModelServer model = new FakeModelServer();
        RunningService service = start(server, model.url());
        SSLSocket idle = socket(service)) {
      offer(idle, "h2");
      idle.startHandshake();
      send(idle, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
      idle.getOutputStream().write(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0}); // Settings: none.
      idle.getOutputStream().flush();

      RunningService.await("closed", () -> service.metric("triage_connections") == 0);
      assertSlow(service, "header", 1);
    }
  }

  @Test
  void closesWhoDoesNotAgreeInTime() throws Exception {
    String server = TLS + ", connections: {headerTimeout: 2s}";
    try (FakeModelServer model = new FakeModelServer();
        RunningService service = start(server, model.url());
        Socket silent = plain(service);
        Socket stalled = plain(service);
        Socket clear = plain(service);
        SSLSocket agreed = socket(service)) {
      // A record of 512 bytes that begins a ClientHello, of which most never comes.
      stalled.getOutputStream().write(new byte[] {0x16, 3, 1, 2, 0, 1, 0, 1, (byte) 0xfc});
      clear.getOutputStream().write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(UTF_8));
      agreed.startHandshake();
      assertThat(silent.getInputStream().read()).isEqualTo(-1);
      assertThat(stalled.getInputStream().read()).isEqualTo(-1);
      assertThat(new String(clear.getInputStream().readAllBytes(), UTF_8)).doesNotContain("HTTP");
      assertThat(agreed.getInputStream().read()).isEqualTo(-1);
      assertSlow(service, "handshake", 2);
      assertSlow(service, "header", 1);
    }
  }

  @Test
  void countsConnectionsThatHaveNotAgreedYet() throws Exception {
    try (FakeModelServer model = new FakeModelServer();
        RunningService service = start(TLS + ", connections: {perAddressMax: 2}", model.url());
        Socket first = plain(service);
        Socket second = plain(service)) {
      RunningService.await("two", () -> service.metric("triage_connections") == 2);
      try (Socket third = plain(service)) {
        assertThat(third.getInputStream().read()).isEqualTo(-1);
      }
      assertThat(service.metric("triage_connections")).isEqualTo(2);
      assertThat(service.metric("triage_connections_refused_total{limit=\"address\"}")).isOne();
    }
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void cancelsWhenTheCallerIsGone(Version version) throws Exception {
    try (ServerSocket model = listening();
        RunningService service = start(TLS, "http://127.0.0.1:" + model.getLocalPort());
        HttpClient client = client(version)) {
      CompletableFuture<HttpResponse<String>> answer =
          client.sendAsync(infer(service), HttpResponse.BodyHandlers.ofString());
      try (Socket asked = model.accept()) {
        asked.setSoTimeout(20_000);
        Received.until(asked.getInputStream(), "\r\n\r\nbody");
        answer.cancel(true);
        assertThat(asked.getInputStream().read()).as("the call was cancelled").isEqualTo(-1);
      }
      String line = "triage_in_flight{backend=\"m-0\",model=\"m\"}";
      RunningService.await("the permit is back", () -> service.metric(line) == 0);
    }
  }

  @Test
  void closesWhoDoesNotReadTheAnswer() throws Exception {
    String server = TLS + ", pace: {bytesPerSecondMin: 1GiB, writes: {idleTimeout: 300ms}}";
    try (ServerSocket model = listening();
        RunningService service = start(server, "http://127.0.0.1:" + model.getLocalPort());
        SSLSocket slow = socket(service)) {
      send(
          slow,
          "POST /v2/models/m/infer HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
              + service.token()
              + "\r\nContent-Length: 4\r\n\r\nbody");
      try (Socket asked = model.accept()) {
        asked.setSoTimeout(20_000);
        Received.until(asked.getInputStream(), "\r\n\r\nbody");
        Thread.startVirtualThread(() -> answerWithoutEnd(asked));
        RunningService.await(
            "closed, though nothing can be sent", () -> service.metric("triage_connections") == 0);
      }
      assertSlow(service, "reader", 1);
      service.leavesAnAnswerHalfRead();
    }
  }

  @Test
  void showsARenewedCertificateToNewConnections() throws Exception {
    MadeCertificate renewed = MadeCertificate.of(folder, "RSA");
    try (FakeModelServer model = new FakeModelServer();
        RunningService service = start(TLS, model.url());
        SSLSocket kept = socket(service)) {
      assertThat(shown(kept)).isEqualTo(made.certificate());
      renewed.writeTo(folder);
      SSLContext both = MadeCertificate.believing(made, renewed);
      RunningService.await("shown", () -> renewed.certificate().equals(shown(service, both)));
      send(kept, "GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertThat(Received.until(kept.getInputStream(), "\r\n\r\n")).startsWith("HTTP/1.1 200 ");
    }
  }

  @Test
  void stopsTheStartWhereTheKeyIsAnothers() throws Exception {
    Files.writeString(folder.resolve("server.key"), MadeCertificate.of(folder, "EC").keyPem());
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> start(TLS, "http://127.0.0.1:9").close())
        .withMessage(
            "%1$s/config.yml: server.tls.keyFile: %1$s/server.key is not the key of the first"
                    .formatted(folder)
                + " certificate in %s/server.pem (expected: the key that it was issued for)"
                    .formatted(folder));
  }

  private RunningService start(String server, String model) throws Exception {
    return RunningService.startServer(
        folder, server, "models: {m: {backends: [{limit: 1, url: '" + model + "'}]}}");
  }

  private HttpClient client(Version version) throws Exception {
    return HttpClient.newBuilder()
        .version(version)
        .sslContext(MadeCertificate.believing(made))
        .build();
  }

  private static HttpRequest infer(RunningService service) {
    return HttpRequest.newBuilder(
            URI.create("https://localhost:" + service.port("application") + INFER))
        .header("Authorization", "Bearer " + service.token())
        .POST(HttpRequest.BodyPublishers.ofString("body"))
        .build();
  }

  private static ServerSocket listening() throws IOException {
    ServerSocket socket = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    socket.setSoTimeout(20_000);
    return socket;
  }

  private static Socket plain(RunningService service) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port("application"));
    socket.setSoTimeout(20_000);
    return socket;
  }

  private SSLSocket socket(RunningService service) throws Exception {
    return socket(service, MadeCertificate.believing(made));
  }

  private static SSLSocket socket(RunningService service, SSLContext context) throws IOException {
    Socket plain = plain(service);
    return (SSLSocket)
        context.getSocketFactory().createSocket(plain, "localhost", plain.getPort(), true);
  }

  private static void offer(SSLSocket socket, String protocol) {
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setApplicationProtocols(new String[] {protocol});
    socket.setSSLParameters(parameters);
  }

  private static Certificate shown(SSLSocket socket) throws IOException {
    return socket.getSession().getPeerCertificates()[0];
  }

  private static Certificate shown(RunningService service, SSLContext context) {
    try (SSLSocket socket = socket(service, context)) {
      return shown(socket);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static void assertSlow(RunningService service, String at, int count) {
    assertThat(slow(service, at)).isEqualTo(count);
  }

  private static double slow(RunningService service, String at) {
    return service.metric("triage_slow_callers_total{at=\"" + at + "\"}");
  }

  private static void answerWithoutEnd(Socket asked) {
    try {
      String head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n";
      asked.getOutputStream().write(head.getBytes(UTF_8));
      byte[] part = new byte[1 << 20];
      while (true) {
        asked.getOutputStream().write(part);
      }
    } catch (IOException cancelled) {
      // As it should be.
    }
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(UTF_8));
    socket.getOutputStream().flush();
  }
}
