package triage.app;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import triage.Received;

/// What the front door does with the bodies of those whom it refuses.
final class RefusedBodyIT {
  @TempDir Path folder;
  private FakeModelServer model;
  private RunningService service;
  private CompletableFuture<Integer> inside;

  @BeforeEach
  void fillTheHouse() throws Exception {
    model = new FakeModelServer();
    service =
        RunningService.start(
            folder,
            "door: {inFlightMax: 1, mode: 'off'}\nmodels: {m: {backends: [{url: \""
                + model.url()
                + "\"}]}}");
    inside =
        CompletableFuture.supplyAsync(
            () -> service.post("/v2/models/m/infer", "{}").statusCode(),
            task -> Thread.startVirtualThread(task));
    RunningService.await("one inside", () -> !model.asked().isEmpty());
  }

  @AfterEach
  void stop() throws Exception {
    model.release(10);
    assertThat(inside.join()).isEqualTo(200);
    service.close();
    model.close();
  }

  @Test
  void answersBeforeTheBodyAndKeepsTheConnection() throws Exception {
    try (Socket caller = connect()) {
      for (int i = 0; i < 3; i++) {
        send(caller, head("Content-Length: 65536"));
        assertThat(answer(caller)).startsWith("HTTP/1.1 503 ").doesNotContain("Connection: close");
        send(caller, "x".repeat(65_536));
      }
    }
  }

  @Test
  void answersAfterABodyThatIsThereAndKeepsTheConnection() throws Exception {
    try (Socket caller = connect()) {
      for (int i = 0; i < 3; i++) {
        send(caller, head("Content-Length: 1000") + "x".repeat(1000));
        assertThat(answer(caller)).startsWith("HTTP/1.1 503 ").doesNotContain("Connection: close");
      }
    }
  }

  @Test
  void endsTheConnectionOfALongBodyOrOneThatWaitsForLeave() throws Exception {
    try (Socket caller = connect()) {
      send(caller, head("Content-Length: 1000000"));
      assertEnds(caller);
    }
    try (Socket caller = connect()) {
      send(caller, head("Content-Length: 10\r\nExpect: 100-continue"));
      assertEnds(caller);
    }
  }

  @Test
  void answersACallerThatSendsAllOfALongBodyFirst() throws Exception {
    try (Socket caller = connect()) {
      send(caller, head("Content-Length: " + (16 << 20)));
      for (int i = 0; i < 256; i++) {
        send(caller, "x".repeat(1 << 16));
      }
      assertEnds(caller);
    }
  }

  private static void assertEnds(Socket caller) throws IOException {
    assertThat(answer(caller)).startsWith("HTTP/1.1 503 ").contains("Connection: close");
    assertThat(caller.getInputStream().read()).isEqualTo(-1);
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port("application"));
    socket.setSoTimeout(20_000);
    return socket;
  }

  private static String head(String headers) {
    return "POST /v2/models/m/infer HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n\r\n";
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(ISO_8859_1));
    socket.getOutputStream().flush();
  }

  private static String answer(Socket socket) throws IOException {
    return Received.until(socket.getInputStream(), "}");
  }
}
