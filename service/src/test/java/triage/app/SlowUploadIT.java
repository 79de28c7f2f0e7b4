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
  private static final String INFER = "/v2/models/m/infer";
  private static final String LABELS = "{backend=\"m-0\",model=\"m\"}";

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
        slow.add(begin(service, INFER, "1"));
      }
      for (Socket each : slow) {
        try (each) {
          assertThat(new String(each.getInputStream().readAllBytes(), UTF_8))
              .startsWith("HTTP/1.1 504 ")
              .contains("Triage-Reason: deadline-exceeded");
        }
      }
      assertThat(service.post(INFER, "{}", "Request-Timeout", "20").statusCode()).isEqualTo(200);
    }
  }

  /// It is the first after an outage, and the only one that the gate lets through at first.
  @Test
  void oneOfThemKeepsNoBackendOut() throws Exception {
    try (ScriptedServer server = ScriptedServer.start((_, _) -> false);
        RunningService service =
            RunningService.startServer(
                folder,
                "pace: {grace: 5m}",
                """
                models:
                  m: {timeout: 10m, timeoutMax: 10m, backends: [{url: '%s', limit: 8}]}
                """
                    .formatted(server.url()))) {
      for (int i = 0; i < 5; i++) {
        assertThat(service.post(INFER, "{}").statusCode()).isEqualTo(503);
      }
      assertThat(service.metric("triage_in_rotation" + LABELS)).isZero();
      server.follow(ScriptedServer.answering("HTTP/1.1 200 OK\r\n", new byte[] {'{', '}'}));
      RunningService.await("in rotation", () -> service.metric("triage_in_rotation" + LABELS) == 1);
      try (Socket slow = begin(service, INFER, "600")) {
        RunningService.await("tried", () -> service.metric("triage_in_flight" + LABELS) == 1);
        RunningService.await("served", () -> service.post(INFER, "{}").statusCode() == 200);
        assertThat(slow.isConnected()).isTrue();
      }
    }
  }

  /// As before a model server: it is not that its body had stopped coming.
  @Test
  void oneOfThemIsToldOfTheDeadlineByAModelInThisProcess() throws Exception {
    try (RunningService service = RunningService.start(folder, "");
        Socket slow = begin(service, "/v2/models/breast-cancer/infer", "0.5")) {
      assertThat(new String(slow.getInputStream().readAllBytes(), UTF_8))
          .startsWith("HTTP/1.1 504 ")
          .contains("Triage-Reason: deadline-exceeded")
          .contains("the deadline passed before the body had come whole");
    }
  }

  /// Sends the first part of a large body.
  ///
  /// @param seconds how long its caller waits
  private static Socket begin(RunningService service, String path, String seconds)
      throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port("application"));
    socket.setSoTimeout(30_000);
    String request =
        "POST "
            + path
            + " HTTP/1.1\r\nHost: localhost\r\nRequest-Timeout: "
            + seconds
            + "\r\nAuthorization: Bearer "
            + service.token()
            + "\r\nContent-Length: 1000000\r\n\r\n"
            + "x".repeat(300_000);
    socket.getOutputStream().write(request.getBytes(UTF_8));
    socket.getOutputStream().flush();
    return socket;
  }
}
