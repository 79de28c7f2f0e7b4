package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static triage.gateway.PacedServer.read;
import static triage.gateway.PacedServer.readAll;
import static triage.gateway.PacedServer.send;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Slow callers on real sockets, by a clock that stands still until the test moves it.
final class PacerIT {
  private static final String HEAD = "POST /v2/models/m/infer HTTP/1.1\r\nHost: h\r\n";
  private static final Duration HEADER = Duration.ofSeconds(10);
  private static final Duration IDLE = Duration.ofSeconds(15);
  private static final int BODY_BYTES_MAX = 8 << 10;
  private static final ConnectionSettings CONNECTIONS =
      new ConnectionSettings(4, 3, HEADER, 16 << 10, BODY_BYTES_MAX);

  private PacedServer server;

  @BeforeEach
  void start() throws Exception {
    server = new PacedServer(PaceSettings.DEFAULTS, CONNECTIONS);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
    PacedServer.await("all buffers given back", () -> server.buffers.getLeaks().isEmpty());
  }

  @Test
  void closesAConnectionWhoseHeadersTakeTooLong() throws Exception {
    try (Socket slow = server.connect();
        Socket mute = server.connect()) {
      send(slow, HEAD);
      server.awaitWatched(2);
      after(HEADER.minusMillis(1));
      send(slow, "X-Slow: 1\r\n");
      after(Duration.ofMillis(2));

      assertThat(slow.getInputStream().read()).isEqualTo(-1);
      assertThat(mute.getInputStream().read()).isEqualTo(-1);
      assertThat(server.pacer.slow(Slowness.HEADER)).isEqualTo(2);
    }
    server.awaitWatched(0);
  }

  @Test
  void answersABodyThatPausesWith408AndCloses() throws Exception {
    try (Socket slow = server.connect()) {
      send(slow, HEAD + "Content-Length: 10\r\n\r\nabc");
      server.awaitWatched(2);
      after(Duration.ofSeconds(5).plusMillis(4));

      String answer = readAll(slow);
      assertThat(answer).startsWith("HTTP/1.1 408 ").contains("Connection: close");
      assertThat(answer).contains("the body came too slowly (expected: ");
      assertThat(server.pacer.slow(Slowness.BODY)).isOne();
    }
    PacedServer.await("nobody inside", () -> server.inside.get() == 0);
    server.awaitWatched(0);
  }

  @Test
  void leavesAnExchangeAloneThatEndedBeforeItCouldBeFailed() throws Exception {
    List<Runnable> late = new CopyOnWriteArrayList<>();
    server.giveUp = late::add;
    try (Socket slow = server.connect()) {
      send(slow, HEAD + "Content-Length: 10\r\n\r\nabc");
      server.awaitWatched(2);
      after(Duration.ofSeconds(5).plusMillis(4));
      assertThat(late).hasSize(1);
      send(slow, "defghij");
      assertThat(read(slow, "\r\n\r\n10")).startsWith("HTTP/1.1 200 ");
      // Another request has the channel of the one that is over.
      int demands = server.demands();
      send(slow, HEAD + "Content-Length: 4\r\n\r\nab");
      server.awaitDemandAfter(demands);
      late.getFirst().run();
      send(slow, "cd");

      assertThat(read(slow, "\r\n\r\n4")).startsWith("HTTP/1.1 200 ");
      assertThat(server.order).doesNotContain("failed");
    }
    server.awaitWatched(0);
  }

  @Test
  void keepsARequestUntilWhoFailsItIsDone() throws Exception {
    try (Socket slow = server.connect()) {
      server.failing =
          () -> {
            try {
              // It comes to its end all the same, just now.
              send(slow, "defghij");
              assertThat(server.ends.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
            } catch (Exception e) {
              throw new AssertionError(e);
            }
          };
      send(slow, HEAD + "Content-Length: 10\r\n\r\nabc");
      server.awaitWatched(2);
      after(Duration.ofSeconds(5).plusMillis(4));

      assertThat(read(slow, "\r\n\r\n10")).startsWith("HTTP/1.1 200 ");
      PacedServer.await("told", () -> server.order.contains("told"));
      assertThat(server.order).containsExactly("failed", "told");
    }
    server.awaitWatched(0);
  }

  @Test
  void hearsOutWhomItHasRefusedForHalfAMinute() throws Exception {
    server.close();
    RouteSettings patient = RouteSettings.ofSeconds(60, 75);
    Duration grace = Duration.ofSeconds(60);
    server = new PacedServer(new PaceSettings(grace, 1, patient, patient, patient), CONNECTIONS);
    try (Socket caller = server.connect()) {
      send(caller, "POST /refused HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
      assertThat(readAll(caller)).startsWith("HTTP/1.1 400 ").contains("Connection: close");
      server.awaitWatched(2);
      after(Duration.ofSeconds(30).minusMillis(1));
      assertThat(server.inside).hasValue(1);
      after(Duration.ofMillis(2));
      PacedServer.await("nobody inside", () -> server.inside.get() == 0);
    }
    assertThat(server.pacer.slow(Slowness.BODY)).isOne();
    server.awaitWatched(0);
  }

  @Test
  void aBodyMayTakeTheTimeThatTheSlowestRateNeeds() throws Exception {
    try (Socket caller = server.connect()) {
      send(caller, HEAD + "Content-Length: 8000\r\n\r\n" + "x".repeat(6 * 1024));
      server.awaitWatched(2);
      // Five seconds of grace and six for what has come.
      after(Duration.ofSeconds(11).minusMillis(1));
      send(caller, "x".repeat(8000 - 6 * 1024));
      assertThat(read(caller, "\r\n\r\n8000")).startsWith("HTTP/1.1 200 ");
    }
    assertThat(server.pacer.slow(Slowness.BODY)).isZero();
  }

  @Test
  void aBodyWithoutALengthEndsAtTheLimitOfThePort() throws Exception {
    try (Socket caller = server.connect()) {
      String chunk = "1000\r\n" + "x".repeat(4096) + "\r\n";
      send(
          caller,
          HEAD + "Transfer-Encoding: chunked\r\n\r\n" + chunk + chunk + chunk + "0\r\n\r\n");
      assertThat(read(caller, "bytes; send it in parts")).startsWith("HTTP/1.1 413 ");
    }
  }

  @Test
  void givesUpAnAnswerThatIsNotRead() throws Exception {
    int size = 64 << 20;
    try (Socket slow = server.connect()) {
      send(slow, "GET /big/" + size + " HTTP/1.1\r\nHost: h\r\n\r\n");
      server.awaitWatched(2);
      after(IDLE);
      assertThat(server.inside).hasValue(1);
      after(Duration.ofSeconds(size / 1024));
      after(Duration.ofMillis(1));
      PacedServer.await("the writer told", () -> server.failure.get() != null);
      assertThat(server.failure.get()).isInstanceOf(CallerFaultException.class);
      PacedServer.await("nobody inside", () -> server.inside.get() == 0);
      assertThat(server.pacer.slow(Slowness.READER)).isOne();
    }
    server.awaitWatched(0);
  }

  @Test
  void closesAConnectionThatNobodyUsesAnyMore() throws Exception {
    try (Socket caller = server.connect()) {
      for (int i = 0; i < 20; i++) {
        send(caller, HEAD + "Content-Length: 3\r\n\r\nabc");
        read(caller, "\r\n\r\n3");
        PacedServer.await("over", () -> server.inside.get() == 0);
        after(Duration.ofSeconds(74));
      }
      PacedServer.await(
          "closed",
          () -> {
            after(Duration.ofSeconds(75));
            return server.limits.open() == 0;
          });
      assertThat(caller.getInputStream().read()).isEqualTo(-1);
    }
    for (Slowness slowness : Slowness.values()) {
      assertThat(server.pacer.slow(slowness)).isZero();
    }
  }

  @Test
  void refusesConnectionsBeyondTheLimitsAndTakesThemAgain() throws Exception {
    try (Socket one = server.connect();
        Socket two = server.connect();
        Socket three = server.connect()) {
      server.awaitWatched(3);
      try (Socket four = server.connect()) {
        assertEnds(four);
      }
      assertThat(server.limits.refusedByAddress()).isOne();
      assertThat(server.limits.open()).isEqualTo(3);
      one.close();
      PacedServer.await("one fewer", () -> server.limits.open() == 2);
      try (Socket again = server.connect()) {
        send(again, HEAD + "Content-Length: 1\r\n\r\na");
        assertThat(read(again, "\r\n\r\n1")).startsWith("HTTP/1.1 200 ");
      }
      send(two, HEAD + "Content-Length: 2\r\n\r\nab");
      assertThat(read(two, "\r\n\r\n2")).startsWith("HTTP/1.1 200 ");
      send(three, HEAD + "Content-Length: 2\r\n\r\nab");
      assertThat(read(three, "\r\n\r\n2")).startsWith("HTTP/1.1 200 ");
    }
    PacedServer.await("none left", () -> server.limits.open() == 0);
  }

  private static void assertEnds(Socket socket) throws IOException {
    try {
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    } catch (SocketException reset) {
      assertThat(reset).hasMessageContaining("reset");
    }
  }

  private void after(Duration duration) {
    server.time.advance(duration);
    server.pacer.check();
  }
}
