package triage.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a model server is told, seen from its own socket.
final class CancelIT {
  @TempDir Path folder;

  @Test
  void carriesTheDeadlineOnAndCancelsWhenTheCallerIsGone() throws Exception {
    try (ServerSocket model = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        RunningService service =
            RunningService.start(
                folder,
                "models: {m: {backends: [{url: 'http://127.0.0.1:"
                    + model.getLocalPort()
                    + "'}]}}")) {
      Socket caller = new Socket(InetAddress.getLoopbackAddress(), service.port("application"));
      String request =
          "POST /v2/models/m/infer HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
              + service.token()
              + "\r\nRequest-Timeout: 25\r\nPriority: u=1\r\nX-Kept: yes\r\n"
              + "Content-Length: 4\r\n\r\nbody";
      caller.getOutputStream().write(request.getBytes(UTF_8));
      caller.getOutputStream().flush();

      try (Socket asked = model.accept()) {
        asked.setSoTimeout(20_000);
        String head = read(asked.getInputStream(), "\r\n\r\nbody");
        assertThat(head).startsWith("POST /v2/models/m/infer HTTP/1.1\r\n").contains("X-Kept: yes");
        assertThat(head).doesNotContain("Authorization", "Bearer", "Priority");
        String timeout =
            Arrays.stream(head.split("\r\n"))
                .filter(line -> line.startsWith("Request-Timeout: "))
                .findFirst()
                .orElseThrow()
                .substring("Request-Timeout: ".length());
        assertThat(Double.parseDouble(timeout)).isBetween(0.001, 25.0);

        caller.close();
        assertThat(asked.getInputStream().read()).as("the call was cancelled").isEqualTo(-1);
      }
      String line = "triage_in_flight{backend=\"m-0\",model=\"m\"}";
      RunningService.await("the permit is back", () -> service.metric(line) == 0);
    }
  }

  @Test
  void cancelsWhenACallerOnHttp2ResetsItsStream() throws Exception {
    try (ServerSocket model = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        RunningService service =
            RunningService.start(
                folder,
                "models: {m: {backends: [{url: 'http://127.0.0.1:"
                    + model.getLocalPort()
                    + "'}]}}");
        HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build()) {
      HttpRequest live = HttpRequest.newBuilder(service.api("/v2/health/live")).build();
      assertThat(client.send(live, HttpResponse.BodyHandlers.ofString()).version())
          .isEqualTo(HttpClient.Version.HTTP_2);
      HttpRequest infer =
          service
              .request("/v2/models/m/infer")
              .POST(HttpRequest.BodyPublishers.ofString("body"))
              .build();
      CompletableFuture<HttpResponse<String>> answer =
          client.sendAsync(infer, HttpResponse.BodyHandlers.ofString());
      try (Socket asked = model.accept()) {
        asked.setSoTimeout(20_000);
        read(asked.getInputStream(), "\r\n\r\nbody");
        answer.cancel(true);
        assertThat(asked.getInputStream().read()).as("the call was cancelled").isEqualTo(-1);
      }
      String line = "triage_in_flight{backend=\"m-0\",model=\"m\"}";
      RunningService.await("the permit is back", () -> service.metric(line) == 0);
      RunningService.await(
          "a row of what was abandoned",
          () -> service.count("SELECT count(*) FROM audit_exchange WHERE status = 499") == 1);
    }
  }

  private static String read(InputStream stream, String end) throws IOException {
    StringBuilder text = new StringBuilder();
    while (text.indexOf(end) < 0) {
      int next = stream.read();
      if (next < 0) {
        throw new IOException("ended after: " + text);
      }
      text.append((char) next);
    }
    return text.toString();
  }
}
