package triage.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Callers that still send when their deadline comes, before a model server that is well.
final class SlowUploadIT {
  @TempDir Path folder;

  @Test
  void threeOfThemOpenNoBreaker() throws Exception {
    try (ScriptedServer server = ScriptedServer.start();
        RunningService service =
            RunningService.start(
                folder,
                """
                models:
                  m: {timeout: 1s, breaker: {openFor: 10m}, backends: [{url: '%s', limit: 8}]}
                """
                    .formatted(server.url()))) {
      List<Socket> slow = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        slow.add(begin(service));
      }
      for (Socket each : slow) {
        try (each) {
          assertThat(new String(each.getInputStream().readAllBytes(), UTF_8))
              .startsWith("HTTP/1.1 504 ")
              .contains("Triage-Reason: deadline-exceeded");
        }
      }
      assertThat(service.post("/v2/models/m/infer", "{}", "Request-Timeout", "20").statusCode())
          .isEqualTo(200);
    }
  }

  private static Socket begin(RunningService service) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port("application"));
    socket.setSoTimeout(30_000);
    String request =
        "POST /v2/models/m/infer HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
            + service.token()
            + "\r\nContent-Length: 1000000\r\n\r\n"
            + "x".repeat(300_000);
    socket.getOutputStream().write(request.getBytes(UTF_8));
    socket.getOutputStream().flush();
    return socket;
  }
}
