package triage.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.http2.ErrorCode;
import org.eclipse.jetty.http2.api.Session;
import org.eclipse.jetty.http2.api.Stream;
import org.eclipse.jetty.http2.client.HTTP2Client;
import org.eclipse.jetty.http2.frames.DataFrame;
import org.eclipse.jetty.http2.frames.HeadersFrame;
import org.eclipse.jetty.http2.frames.ResetFrame;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import triage.Received;

/// What a model server is told, seen from its own socket.
final class CancelIT {
  private static final String LONG_BODY = "x".repeat((1 << 20) - 4) + "body";

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
        String head = Received.until(asked.getInputStream(), "\r\n\r\nbody");
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

  /// Of this body only a part is read before the gate is asked; the rest streams through.
  @Test
  void cancelsWhenACallerLeavesBehindALongBody() throws Exception {
    try (ServerSocket model = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        RunningService service = RunningService.start(folder, serving(model))) {
      Socket caller = new Socket(InetAddress.getLoopbackAddress(), service.port("application"));
      String request =
          "POST /v2/models/m/infer HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
              + service.token()
              + "\r\nContent-Length: "
              + LONG_BODY.length()
              + "\r\n\r\n"
              + LONG_BODY;
      Thread sending =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  caller.getOutputStream().write(request.getBytes(UTF_8));
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      assertIsCancelled(
          model,
          LONG_BODY,
          () -> {
            sending.join();
            caller.close();
          });
      assertIsOver(service);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 1 << 20})
  void cancelsWhenACallerOnHttp2ResetsItsStream(int length) throws Exception {
    String body = LONG_BODY.substring(LONG_BODY.length() - length);
    HTTP2Client client = new HTTP2Client();
    client.start();
    try (ServerSocket model = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        RunningService service = RunningService.start(folder, serving(model))) {
      Stream stream = inferOverHttp2(client, service, body);
      assertIsCancelled(model, body, () -> reset(stream));
      assertIsOver(service);
    } finally {
      client.stop();
    }
  }

  @Test
  void aCallerOnHttp2LeavesTheQueueAlsoWhileItsBodyIsUnread() throws Exception {
    HTTP2Client client = new HTTP2Client();
    client.start();
    try (FakeModelServer model = new FakeModelServer();
        RunningService service =
            RunningService.start(
                folder, "models: {m: {backends: [{url: '" + model.url() + "', limit: 1}]}}")) {
      Stream served = inferOverHttp2(client, service, "first");
      RunningService.await("the model is busy", () -> model.underWay() == 1);
      Stream queued = inferOverHttp2(client, service, LONG_BODY);
      String waiting = "triage_waiting{criticality=\"critical\",model=\"m\"}";
      RunningService.await("one waits", () -> service.metric(waiting) == 1);
      reset(queued);
      RunningService.await("nobody waits", () -> service.metric(waiting) == 0);
      assertThat(model.underWay()).isEqualTo(1);
      reset(served);
    } finally {
      client.stop();
    }
  }

  private static String serving(ServerSocket model) {
    return "models: {m: {backends: [{url: 'http://127.0.0.1:" + model.getLocalPort() + "'}]}}";
  }

  private static void assertIsCancelled(
      ServerSocket model, String body, RunningService.Action leave) throws Exception {
    try (Socket asked = model.accept()) {
      asked.setSoTimeout(20_000);
      InputStream in = new BufferedInputStream(asked.getInputStream());
      assertThat(Received.until(in, "\r\n\r\n")).contains("Content-Length: " + body.length());
      assertThat(new String(in.readNBytes(body.length()), UTF_8)).isEqualTo(body);
      leave.run();
      assertThat(in.read()).as("the call was cancelled").isEqualTo(-1);
    }
  }

  private static void assertIsOver(RunningService service) {
    String line = "triage_in_flight{backend=\"m-0\",model=\"m\"}";
    RunningService.await("the permit is back", () -> service.metric(line) == 0);
    RunningService.await(
        "a row of what was abandoned",
        () -> service.count("SELECT count(*) FROM audit_exchange WHERE status = 499") == 1);
  }

  private static void reset(Stream stream) {
    stream.reset(new ResetFrame(stream.getId(), ErrorCode.CANCEL_STREAM_ERROR.code), Callback.NOOP);
  }

  private static Stream inferOverHttp2(HTTP2Client client, RunningService service, String body)
      throws Exception {
    Session session =
        client
            .connect(
                new InetSocketAddress("127.0.0.1", service.port("application")),
                new Session.Listener() {})
            .get(10, TimeUnit.SECONDS);
    MetaData.Request head =
        new MetaData.Request(
            "POST",
            HttpURI.from(service.api("/v2/models/m/infer")),
            HttpVersion.HTTP_2,
            HttpFields.build()
                .put("Authorization", "Bearer " + service.token())
                .put("Request-Timeout", "300")
                .put("Content-Length", body.length()));
    Stream stream =
        session
            .newStream(new HeadersFrame(head, null, false), new Stream.Listener() {})
            .get(10, TimeUnit.SECONDS);
    ByteBuffer bytes = ByteBuffer.wrap(body.getBytes(UTF_8));
    stream.data(new DataFrame(stream.getId(), bytes, true), Callback.NOOP);
    return stream;
  }
}
