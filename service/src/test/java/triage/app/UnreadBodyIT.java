package triage.app;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import triage.Received;

/// What becomes of bodies whose requests are answered behind the front door before they are read.
final class UnreadBodyIT {
  private static final int LONG = 16 << 20;
  private static final String PART = "x".repeat(1 << 16);

  @TempDir static Path folder;

  private static ScriptedServer model;
  private static RunningService service;

  @BeforeAll
  static void start() throws Exception {
    model = ScriptedServer.start();
    service =
        RunningService.start(folder, "models: {m: {backends: [{url: \"" + model.url() + "\"}]}}");
  }

  @AfterAll
  static void stop() throws Exception {
    service.close();
    model.close();
  }

  @ParameterizedTest
  @CsvSource({
    "POST /v2/models/m/infer, false, 401",
    "POST /v2/models/nobody/infer, true, 404",
    "POST /v1/nothing, true, 404",
    "POST /nothing, true, 404",
    "DELETE /v2/models/m/infer, true, 405",
    "POST /api/v1/analyses, false, 401"
  })
  void keepsTheConnectionOrTellsThatItEnds(String line, boolean known, int status)
      throws Exception {
    String headers = known ? authorization() : "";
    try (Socket caller = connect()) {
      for (int i = 0; i < 3; i++) {
        send(caller, head(line, headers + "Content-Length: 65536"));
        assertThat(answerHead(caller))
            .startsWith("HTTP/1.1 " + status + " ")
            .doesNotContain("Connection: close");
        send(caller, "x".repeat(65_536));
      }
      send(caller, head(line, headers + "Content-Length: 1000000"));
      assertEnds(caller, status);
    }
    try (Socket caller = connect()) {
      send(caller, head(line, headers + "Content-Length: 10\r\nExpect: 100-continue"));
      assertEnds(caller, status);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "POST /v2/models/m/infer, false, 401",
    "POST /v2/models/nobody/infer, true, 404",
    "POST /v1/nothing, true, 404",
    "DELETE /v2/models/m/infer, true, 405",
    "POST /api/v1/analyses, false, 401",
    "POST /api/v1/analyses, true, 413",
    "POST /api/v1/batches, true, 415",
    "POST /api/v1/nothing, true, 404",
    "PUT /api/v1/batches, true, 405"
  })
  void answersACallerThatSendsAllOfALongBodyFirst(String line, boolean known, int status)
      throws Exception {
    String headers = known ? authorization() : "";
    for (String length : List.of("Content-Length: " + LONG, "Transfer-Encoding: chunked")) {
      boolean chunked = length.startsWith("Transfer");
      try (Socket caller = connect()) {
        send(caller, head(line, headers + "Content-Type: text/plain\r\n" + length));
        for (int sent = 0; sent < LONG; sent += PART.length()) {
          send(caller, chunked ? "10000\r\n" + PART + "\r\n" : PART);
        }
        send(caller, chunked ? "0\r\n\r\n" : "");
        assertThat(answerHead(caller)).startsWith("HTTP/1.1 " + status + " ");
      }
    }
  }

  @Test
  void tellsThatTheConnectionEndsAtADeadlineBeforeTheBodyIsThere() throws Exception {
    String headers = authorization() + "Request-Timeout: 0.2\r\nContent-Length: 1000000";
    try (Socket caller = connect()) {
      send(caller, head("POST /v2/models/m/infer", headers) + "x".repeat(300_000));
      assertEnds(caller, 504);
    }
  }

  private static String authorization() {
    return "Authorization: Bearer " + service.token() + "\r\n";
  }

  private static void assertEnds(Socket caller, int status) throws IOException {
    assertThat(answerHead(caller))
        .startsWith("HTTP/1.1 " + status + " ")
        .contains("Connection: close");
    assertThat(caller.getInputStream().read()).isEqualTo(-1);
  }

  private static Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port("application"));
    socket.setSoTimeout(20_000);
    return socket;
  }

  private static String head(String line, String headers) {
    return line + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n\r\n";
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(ISO_8859_1));
    socket.getOutputStream().flush();
  }

  /// Reads one answer, and gives its head.
  private static String answerHead(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    String head = Received.until(in, "\r\n\r\n");
    int length =
        head.lines()
            .filter(line -> line.startsWith("Content-Length:"))
            .mapToInt(line -> Integer.parseInt(line.substring(15).strip()))
            .findFirst()
            .orElseThrow();
    assertThat(in.readNBytes(length)).hasSize(length);
    return head;
  }
}
