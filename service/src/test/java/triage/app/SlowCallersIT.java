package triage.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Callers that are too slow, before a model server that holds one request at a time.
final class SlowCallersIT {
  private static final int ANSWER_BYTES = 32 << 20;

  @TempDir Path folder;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private HttpServer model;
  private RunningService service;

  @BeforeEach
  void start() throws Exception {
    model = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
    model.setExecutor(threads);
    model.createContext("/", SlowCallersIT::answer);
    model.start();
    service =
        RunningService.startServer(
            folder,
            "pace: {grace: 300ms, bytesPerSecondMin: 1GiB, writes: {idleTimeout: 300ms}}",
            "models: {m: {backends: [{limit: 1, url: 'http://127.0.0.1:"
                + model.getAddress().getPort()
                + "'}]}}");
  }

  @AfterEach
  void stop() throws Exception {
    service.close();
    model.stop(0);
    threads.shutdownNow();
  }

  @Test
  void whoDoesNotReadTheAnswerLosesThePermit() throws Exception {
    try (Socket slow = connect()) {
      send(slow, "big", "Content-Length: 2\r\n\r\n{}");
      awaitInFlight(1);
      assertThat(service.post("/v2/models/m/infer", "{}").statusCode()).isEqualTo(200);
      assertSlow("reader");
      service.leavesAnAnswerHalfRead();
      assertVerdict("abandoned", 200);
    }
  }

  @Test
  void whoSendsALargeBodyTooSlowlyLosesThePermit() throws Exception {
    try (Socket slow = connect()) {
      send(slow, "small", "Content-Length: 1000000\r\n\r\n" + "x".repeat(300_000));
      String answer = new String(slow.getInputStream().readAllBytes(), UTF_8);
      assertThat(answer)
          .startsWith("HTTP/1.1 408 ")
          .contains("{\"error\":\"the body came too slowly");
      assertThat(service.post("/v2/models/m/infer", "{}").statusCode()).isEqualTo(200);
      assertSlow("body");
      assertVerdict("refused", 408);
    }
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port("application"));
    socket.setSoTimeout(20_000);
    return socket;
  }

  private void send(Socket socket, String size, String rest) throws IOException {
    String head =
        "POST /v2/models/m/infer HTTP/1.1\r\nHost: localhost\r\nX-Size: "
            + size
            + "\r\nAuthorization: Bearer "
            + service.token()
            + "\r\n";
    socket.getOutputStream().write((head + rest).getBytes(UTF_8));
    socket.getOutputStream().flush();
  }

  private void awaitInFlight(int count) {
    String line = "triage_in_flight{backend=\"m-0\",model=\"m\"}";
    RunningService.await(line, () -> service.metric(line) == count);
  }

  private void assertSlow(String at) {
    assertThat(service.metric("triage_slow_callers_total{at=\"" + at + "\"}")).isOne();
  }

  private void assertVerdict(String verdict, int status) {
    RunningService.await(
        "a row of " + verdict,
        () ->
            service.count(
                    "SELECT count(*) FROM audit_exchange WHERE lower(verdict::text) = '"
                        + verdict
                        + "' AND status = "
                        + status)
                == 1);
  }

  private static void answer(HttpExchange exchange) throws IOException {
    exchange.getRequestBody().readAllBytes();
    boolean big = "big".equals(exchange.getRequestHeaders().getFirst("X-Size"));
    byte[] body = new byte[big ? ANSWER_BYTES : 2];
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }
}
