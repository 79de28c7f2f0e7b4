package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.http2.ErrorCode;
import org.eclipse.jetty.http2.HTTP2Session;
import org.eclipse.jetty.http2.api.Session;
import org.eclipse.jetty.http2.api.Stream;
import org.eclipse.jetty.http2.client.HTTP2Client;
import org.eclipse.jetty.http2.frames.DataFrame;
import org.eclipse.jetty.http2.frames.GoAwayFrame;
import org.eclipse.jetty.http2.frames.HeadersFrame;
import org.eclipse.jetty.http2.frames.ResetFrame;
import org.eclipse.jetty.http2.frames.SettingsFrame;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Callers that speak HTTP/2 in the clear: served, watched and waited for like those of HTTP/1.
final class SessionIT {
  private static final Callback NOTHING = Callback.NOOP;

  private final HTTP2Client client = new HTTP2Client();

  @BeforeEach
  void start() throws Exception {
    client.start();
  }

  @AfterEach
  void stop() throws Exception {
    client.stop();
  }

  @Test
  void noticesACallerThatResetsItsStream() throws Exception {
    try (WatchedServer server = watched()) {
      Stream stream = park(connect(server.port(), new Told()));
      WatchedServer.Visit visit = server.nextParked();
      stream.reset(new ResetFrame(stream.getId(), ErrorCode.CANCEL_STREAM_ERROR.code), NOTHING);
      assertThat(visit.awaitGone()).isTrue();
      assertThat(visit.awaitEnded()).isTrue();
      assertThat(visit.goneTimes).hasValue(1);
    }
  }

  @Test
  void noticesACallerWhoseConnectionEnds() throws Exception {
    try (WatchedServer server = watched()) {
      Session session = connect(server.port(), new Told());
      park(session);
      WatchedServer.Visit visit = server.nextParked();
      ((HTTP2Session) session).getEndPoint().close();
      assertThat(visit.awaitGone()).isTrue();
      assertThat(visit.awaitEnded()).isTrue();
    }
  }

  @Test
  void answersACallerThatIsStillThere() throws Exception {
    try (WatchedServer server = watched()) {
      Answer answer = new Answer();
      Session session = connect(server.port(), new Told());
      Stream stream = open(session, "/park", false, answer);
      stream.data(new DataFrame(stream.getId(), ByteBuffer.wrap(new byte[3]), true), NOTHING);
      WatchedServer.Visit visit = server.nextParked();
      visit.released.countDown();
      assertThat(answer.status.get(10, TimeUnit.SECONDS)).isEqualTo(200);
      assertThat(visit.goneTimes).hasValue(0);
    }
  }

  @Test
  void answersAClientThatOffersAnUpgradeOverHttp1() throws Exception {
    try (WatchedServer server = watched();
        HttpClient offering = HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build()) {
      URI uri = URI.create("http://127.0.0.1:" + server.port() + "/watch");
      for (int i = 0; i < 2; i++) {
        HttpResponse<String> answer =
            offering.send(
                HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
        assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_1_1);
        assertThat(answer.body()).isEqualTo("/watch ");
      }
    }
  }

  @Test
  void answersABodyThatPausesWith408() throws Exception {
    try (PacedServer server = paced()) {
      Answer answer = new Answer();
      Session session = connect(server.port(), new Told());
      open(session, "/v2/models/m/infer", false, answer);
      server.awaitBegun();
      server.awaitWatched(2);
      server.time.advance(Duration.ofSeconds(6));
      server.pacer.check();
      assertThat(answer.status.get(10, TimeUnit.SECONDS)).isEqualTo(408);
      assertThat(server.pacer.slow(Slowness.BODY)).isOne();
    }
  }

  @Test
  void endsAConnectionWithoutAStream() throws Exception {
    try (PacedServer server = paced()) {
      Told told = new Told();
      connect(server.port(), told);
      told.begun.get(10, TimeUnit.SECONDS);
      server.awaitWatched(1);
      server.time.advance(Duration.ofSeconds(10));
      server.pacer.check();
      assertThat(told.ended.get(10, TimeUnit.SECONDS)).as("told so").isTrue();
      assertThat(server.pacer.slow(Slowness.HEADER)).isOne();
    }
  }

  @Test
  void keepsAConnectionThatIsInUse() throws Exception {
    try (PacedServer server = paced()) {
      Told told = new Told();
      Session session = connect(server.port(), told);
      for (int i = 0; i < 5; i++) {
        Answer answer = new Answer();
        open(session, "/v2", true, answer);
        assertThat(answer.status.get(10, TimeUnit.SECONDS)).isEqualTo(200);
        server.time.advance(Duration.ofSeconds(100));
        server.pacer.check();
      }
      assertThat(told.ended).isNotDone();
      // The last stream may still be ending.
      PacedServer.await(
          "the end",
          () -> {
            server.time.advance(Duration.ofSeconds(120));
            server.pacer.check();
            return told.ended.isDone();
          });
      assertThat(told.ended.get(10, TimeUnit.SECONDS)).as("told so").isTrue();
      assertThat(server.pacer.slow(Slowness.HEADER)).isZero();
    }
  }

  private static WatchedServer watched() throws Exception {
    HttpConfiguration configuration = new HttpConfiguration();
    return new WatchedServer(
        new HangupConnectionFactory(configuration),
        new SessionFactory(configuration, Pacer.idle()));
  }

  private static PacedServer paced() throws Exception {
    return new PacedServer(PaceSettings.DEFAULTS, ConnectionSettings.DEFAULTS);
  }

  private Session connect(int port, Told told) throws Exception {
    return client.connect(new InetSocketAddress("127.0.0.1", port), told).get(10, TimeUnit.SECONDS);
  }

  private Stream park(Session session) throws Exception {
    Stream stream = open(session, "/park", false, new Answer());
    stream.data(new DataFrame(stream.getId(), ByteBuffer.wrap(new byte[3]), true), NOTHING);
    return stream;
  }

  private static Stream open(Session session, String path, boolean whole, Answer answer)
      throws Exception {
    MetaData.Request request =
        new MetaData.Request(
            whole ? "GET" : "POST",
            HttpURI.from("http://127.0.0.1" + path),
            HttpVersion.HTTP_2,
            HttpFields.EMPTY);
    return session
        .newStream(new HeadersFrame(request, null, whole), answer)
        .get(10, TimeUnit.SECONDS);
  }

  /// What a connection is told: that HTTP/2 has begun, and that it has ended.
  private static final class Told implements Session.Listener {
    private final CompletableFuture<SettingsFrame> begun = new CompletableFuture<>();
    private final CompletableFuture<Boolean> ended = new CompletableFuture<>();

    @Override
    public void onSettings(Session session, SettingsFrame frame) {
      begun.complete(frame);
    }

    @Override
    public void onClose(Session session, GoAwayFrame frame, Callback callback) {
      ended.complete(true);
      callback.succeeded();
    }

    @Override
    public void onFailure(Session session, Throwable failure, Callback callback) {
      ended.complete(false);
      callback.succeeded();
    }
  }

  /// The status of an answer; its body is dropped.
  private static final class Answer implements Stream.Listener {
    private final CompletableFuture<Integer> status = new CompletableFuture<>();

    @Override
    public void onHeaders(Stream stream, HeadersFrame frame) {
      status.complete(((MetaData.Response) frame.getMetaData()).getStatus());
      if (!frame.isEndStream()) {
        stream.demand();
      }
    }

    @Override
    public void onDataAvailable(Stream stream) {
      Stream.Data data = stream.readData();
      boolean more = data == null || !data.frame().isEndStream();
      if (data != null) {
        data.release();
      }
      if (more) {
        stream.demand();
      }
    }
  }
}
