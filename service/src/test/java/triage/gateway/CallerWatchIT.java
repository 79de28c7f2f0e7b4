package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.eclipse.jetty.io.AbstractEndPoint;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import triage.gateway.WatchedServer.Visit;

@Timeout(120)
class CallerWatchIT {
  private static final String LEAVING = "leaving ";
  private static final String STAYING = "staying ";
  private static final String END = "end";

  private WatchedServer server;

  @BeforeEach
  void start() throws Exception {
    server = new WatchedServer(new HangupConnectionFactory(new HttpConfiguration()));
  }

  @AfterEach
  void leavesNothingBehind() throws Exception {
    boolean noEndPoints = server.awaitNoEndPoints();
    boolean noLeaks = server.awaitNoLeaks();
    server.close();
    assertThat(server.awaitEnds()).as("all requests ended").isTrue();
    assertThat(noEndPoints).as("all connections taken down").isTrue();
    assertThat(server.connector.getConnectedEndPoints()).isEmpty();
    assertThat(server.ended).hasValue(server.begun.get());
    assertThat(noLeaks).as("%s", server.buffers.dumpLeaks()).isTrue();
  }

  static List<String> requests() {
    return List.of(
        Caller.get("/park"), Caller.post("/park", "measurements"),
        Caller.chunked("/park", "measurements"), Caller.post("/park", "m".repeat(100_000)));
  }

  @ParameterizedTest
  @MethodSource("requests")
  void noticesACallerThatHangsUp(String request) throws Exception {
    Caller caller = new Caller(server.port());
    caller.send(request);
    Visit visit = server.nextParked();
    caller.close();

    assertThat(visit.awaitGone()).isTrue();
    assertEndedOnceAs(visit, false);
  }

  @ParameterizedTest
  @MethodSource("requests")
  void noticesACallerThatResets(String request) throws Exception {
    Caller caller = new Caller(server.port());
    caller.send(request);
    Visit visit = server.nextParked();
    caller.reset();

    assertThat(visit.awaitGone()).isTrue();
    assertEndedOnceAs(visit, false);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void noticesACallerThatLeavesBehindABodyThatWasReadUnderTheWatch(boolean reset) throws Exception {
    server.reading.countDown();
    Caller caller = new Caller(server.port());
    for (String body : List.of("m", "m".repeat(100_000))) {
      caller.send(Caller.post("/ahead", body));
      server.nextParked().released.countDown();
      assertThat(caller.receive()).isEqualTo("200 /ahead " + body);
    }
    caller.send(Caller.chunked("/ahead", "m".repeat(1_000_000)));
    Visit visit = server.nextParked();
    if (reset) {
      caller.reset();
    } else {
      caller.close();
    }

    assertThat(visit.awaitGone()).isTrue();
    assertEndedOnceAs(visit, false);
  }

  @Test
  void losesNoByteOfARequestBehindABodyThatIsReadUnderTheWatch() throws Exception {
    try (Caller caller = new Caller(server.port())) {
      String body = "b".repeat(1_000);
      caller.send(Caller.post("/ahead", body) + Caller.post("/watch", body));
      assertThat(server.watchedAhead.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
      caller.send(Caller.post("/plain", body));
      server.reading.countDown();
      server.nextParked().released.countDown();

      assertThat(caller.receive()).isEqualTo("200 /ahead " + body);
      assertThat(caller.receive()).isEqualTo("200 /watch " + body);
      assertThat(caller.receive()).isEqualTo("200 /plain " + body);
      assertThat(server.goneTotal).hasValue(0); // Now, while the caller is there.
    }
  }

  @Test
  void letsARequestWhoseBodyIsUnreadOutlastTheIdleTimeout() throws Exception {
    try (Caller caller = new Caller(server.port())) {
      caller.send("POST /ahead HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n");
      assertThat(server.watchedAhead.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
      EndPoint connected = server.connector.getConnectedEndPoints().iterator().next();
      connected.setIdleTimeout(100);
      assertThat(server.idleExpiries.tryAcquire(3, 10, TimeUnit.SECONDS)).isTrue();
      connected.setIdleTimeout(30_000);
      caller.send("body");
      server.reading.countDown();
      server.nextParked().released.countDown();

      assertThat(caller.receive()).isEqualTo("200 /ahead body");
    }
  }

  @Test
  void takesACallerThatOnlyStopsSendingForGone() throws Exception {
    try (Caller caller = new Caller(server.port())) {
      caller.send(Caller.get("/park"));
      Visit visit = server.nextParked();
      caller.socket.shutdownOutput();

      assertThat(visit.awaitGone()).isTrue();
      assertThat(caller.receive()).startsWith("500 ");
      assertThat(caller.atEnd()).isTrue();
      assertEndedOnceAs(visit, false);
    }
  }

  @Test
  void noticesAHangupBetweenTheBodyAndTheWatch() throws Exception {
    for (int i = 0; i < 200; i++) {
      Caller caller = new Caller(server.port());
      caller.send(Caller.post("/park", "measurements"));
      caller.close();
      Visit visit = server.nextParked();
      assertThat(visit.awaitGone()).isTrue();
      assertEndedOnceAs(visit, false);
    }
  }

  @Test
  void saysThatTheCallerIsStillThere() throws Exception {
    try (Caller caller = new Caller(server.port())) {
      caller.send(Caller.post("/park", "measurements"));
      Visit visit = server.nextParked();
      visit.released.countDown();

      assertThat(caller.receive()).isEqualTo("200 /park measurements");
      assertEndedOnceAs(visit, true);
    }
  }

  @Test
  void neverFiresOnceClosedEvenIfTheCallerHangsUpThen() throws Exception {
    for (int i = 0; i < 200; i++) {
      Caller caller = new Caller(server.port());
      caller.send(Caller.get("/park"));
      Visit visit = server.nextParked();
      assertThat(visit.watch.close()).isTrue();
      caller.close();
      visit.released.countDown();
      assertEndedOnceAs(visit, true);
    }
  }

  @Test
  void keepsAConnectionAliveThroughWatchedAndUnwatchedRequests() throws Exception {
    Random random = new Random(42);
    try (Caller caller = new Caller(server.port())) {
      for (int i = 0; i < 2_000; i++) {
        String body = "b".repeat(1 + random.nextInt(20_000));
        switch (random.nextInt(6)) {
          case 0 -> converse(caller, Caller.get("/watch"), "/watch ", random);
          case 1 -> converse(caller, Caller.post("/watch", body), "/watch " + body, random);
          case 2 -> converse(caller, Caller.chunked("/watch", body), "/watch " + body, random);
          case 3 -> converse(caller, Caller.post("/plain", body), "/plain " + body, random);
          case 4 -> converse(caller, Caller.get("/plain"), "/plain ", random);
          default -> converse(caller, Caller.get("/inline"), "/inline inline", random);
        }
      }
      assertThat(server.goneTotal).hasValue(0); // Now, while the caller is there.
    }
    assertThat(server.begun).hasValue(2_000);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/park", "/watch", "/plain"})
  void answersRequestsPipelinedInOneWriteInOrder(String first) throws Exception {
    try (Caller caller = new Caller(server.port())) {
      caller.send(
          Caller.post(first, "one") + Caller.get("/inline") + Caller.chunked("/watch", "three"));
      if (first.equals("/park")) {
        server.nextParked().released.countDown();
      }

      assertThat(caller.receive()).isEqualTo("200 " + first + " one");
      assertThat(caller.receive()).isEqualTo("200 /inline inline");
      assertThat(caller.receive()).isEqualTo("200 /watch three");
      assertThat(server.goneTotal).hasValue(0); // Now, while the caller is there.
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 63, 64, 65, 5_000, 200_000})
  void losesNoByteOfARequestThatArrivesUnderAWatch(int length) throws Exception {
    String body = "x".repeat(length);
    for (String first : requests()) {
      try (Caller caller = new Caller(server.port())) {
        caller.send(first);
        Visit visit = server.nextParked();
        server.fills.drainPermits();
        String second = Caller.post("/watch", body);
        Thread sender =
            Thread.ofVirtual()
                .start(() -> {
                  try {
                    caller.send(second);
                  } catch (java.io.IOException e) {
                    throw new java.io.UncheckedIOException(e);
                  }
                });
        assertThat(server.fills.tryAcquire(10, TimeUnit.SECONDS)).as("read ahead").isTrue();
        visit.released.countDown();

        assertThat(caller.receive()).startsWith("200 /park");
        assertThat(caller.receive()).isEqualTo("200 /watch " + body);
        sender.join();
        assertThat(visit.goneTimes).hasValue(0);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 100, 30_000})
  void leavesABodyInJettysBuffersIntactUnderAPeek(int length) throws Exception {
    String body = "k".repeat(length);
    try (Caller caller = new Caller(server.port())) {
      caller.send(Caller.post("/keep", body));
      Visit visit = server.nextParked();
      server.fills.drainPermits();
      caller.send(Caller.post("/keep", "z".repeat(length)));
      assertThat(server.fills.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
      visit.released.countDown();
      server.nextParked().released.countDown();

      assertThat(caller.receive()).isEqualTo("200 /keep " + body);
      assertThat(caller.receive()).isEqualTo("200 /keep " + "z".repeat(length));
    }
  }

  @Test
  void wakesNoThreadToLookForANextRequest() throws Exception {
    try (Caller caller = new Caller(server.port())) {
      for (int i = 0; i < 3; i++) {
        caller.send(Caller.post("/park", "m" + i));
        Visit visit = server.nextParked();
        server.awaitSelectorBack();
        visit.released.countDown();
        assertThat(caller.receive()).isEqualTo("200 /park m" + i);
      }
      assertThat(server.goingOn).hasValue(0);
    }
  }

  @Test
  void leavesARequestThatWasReadAheadToAnotherThread() throws Exception {
    try (Caller caller = new Caller(server.port())) {
      caller.send(Caller.get("/park") + Caller.get("/plain"));
      Visit visit = server.nextParked();
      server.awaitSelectorBack();
      visit.released.countDown();
      assertThat(caller.receive()).isEqualTo("200 /park ");
      assertThat(caller.receive()).isEqualTo("200 /plain ");
      assertThat(server.goingOn).hasValue(1);
    }
  }

  @Test
  void leavesTheEndOfAConnectionToAnotherThread() throws Exception {
    try (Caller caller = new Caller(server.port())) {
      caller.send("GET /park HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
      Visit visit = server.nextParked();
      server.awaitSelectorBack();
      visit.released.countDown();
      assertThat(caller.receive()).isEqualTo("200 /park ");
      assertThat(caller.atEnd()).isTrue();
      assertThat(server.wentOn.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  /// The connection is closed once the caller is watched, which relies on an interest that is only
  /// now about to be registered.
  @Test
  void noticesAConnectionThatIsClosedBeforeTheInterestStands() throws Exception {
    try (Caller caller = new Caller(server.port())) {
      assertThat(server.interests.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
      CountDownLatch hold = new CountDownLatch(1);
      server.interestHold = hold;
      caller.send(Caller.get("/early"));
      Visit visit = server.nextParked();
      server.interestHold = null;
      hold.countDown();
      assertThat(visit.awaitGone()).isTrue();
      assertEndedOnceAs(visit, false);
    }
  }

  @Test
  void looksOutForTheCallerOfASmallRequestBeforeItIsWatched() throws Exception {
    try (Caller caller = new Caller(server.port())) {
      caller.send(Caller.post("/late", "measurements"));
      Visit visit = server.nextParked();
      caller.close();
      assertThat(visit.awaitGone()).isTrue();
      assertEndedOnceAs(visit, false);
    }
  }

  @Test
  void readsNoMoreThanOnePeekAhead() throws Exception {
    String second = Caller.post("/watch", "x".repeat(1_000));
    try (Caller caller = new Caller(server.port())) {
      caller.send(Caller.get("/park"));
      Visit visit = server.nextParked();
      long before = bytesIn();
      server.fills.drainPermits();
      caller.send(second);
      assertThat(server.fills.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
      assertThat(server.lastFilled).isEqualTo(HangupConnection.PEEK_BYTES);
      assertThat(server.fills.availablePermits()).isZero();
      visit.released.countDown();

      assertThat(caller.receive()).startsWith("200 /park");
      assertThat(caller.receive()).startsWith("200 /watch");
      assertThat(bytesIn() - before).isEqualTo(second.length());
    }
  }

  /// The thread that read a small request goes on only once a part of the next one has been read
  /// ahead, and so finds no interest that stands.
  @Test
  void losesNothingThatWasReadAheadBeforeTheReaderGoesOn() throws Exception {
    String third = Caller.post("/watch", "x".repeat(20_000));
    try (Caller caller = new Caller(server.port())) {
      caller.send(Caller.get("/park") + Caller.get("/dwell"));
      Visit parked = server.nextParked();
      server.awaitSelectorBack();
      parked.released.countDown();
      assertThat(caller.receive()).isEqualTo("200 /park ");
      Visit dwelling = server.nextParked();
      server.fills.drainPermits();
      caller.send(third.substring(0, HangupConnection.PEEK_BYTES));
      assertThat(server.fills.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
      server.awaitSelectorBack();
      server.dwelling.countDown();
      assertThat(server.wentOn.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
      caller.send(third.substring(HangupConnection.PEEK_BYTES));
      awaitInterestTaken();
      int more = server.fills.availablePermits();
      dwelling.released.countDown();

      assertThat(caller.receive()).isEqualTo("200 /dwell ");
      assertThat(caller.receive()).isEqualTo("200 /watch " + "x".repeat(20_000));
      assertThat(more).isZero();
    }
  }

  @Test
  void readsNothingAheadBehindWhatIsPipelined() throws Exception {
    String body = "x".repeat(20_000);
    String all = Caller.get("/park") + Caller.post("/watch", body);
    int room = new HttpConfiguration().getInputBufferSize();
    try (Caller caller = new Caller(server.port())) {
      caller.send(all.substring(0, room));
      Visit visit = server.nextParked();
      server.awaitSelectorBack();
      assertThat(server.lastFilled).isEqualTo(room);
      server.fills.drainPermits();
      caller.send(all.substring(room));
      awaitInterestTaken();
      int more = server.fills.availablePermits();
      visit.released.countDown();

      assertThat(caller.receive()).isEqualTo("200 /park ");
      assertThat(caller.receive()).isEqualTo("200 /watch " + body);
      assertThat(more).isZero();
    }
  }

  /// Waits until no read interest stands, for what came has been noticed.
  private void awaitInterestTaken() {
    AbstractEndPoint endPoint =
        (AbstractEndPoint) server.connector.getConnectedEndPoints().iterator().next();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (endPoint.getFillInterest().isInterested()) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      LockSupport.parkNanos(100_000);
    }
  }

  @Test
  void answersInOrderWhenTheResponseCompletesDuringAPeek() throws Exception {
    try (Caller caller = new Caller(server.port())) {
      for (int i = 0; i < 50; i++) {
        caller.send(Caller.post("/park", "first"));
        Visit visit = server.nextParked();
        CountDownLatch hold = new CountDownLatch(1);
        server.heldFills.drainPermits();
        server.fillHold = hold;
        caller.send(Caller.post("/watch", "s".repeat(i * 10)));
        assertThat(server.heldFills.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
        server.fillHold = null;
        visit.released.countDown();
        assertThat(caller.receive()).isEqualTo("200 /park first");
        assertThat(visit.awaitEnded()).isTrue();
        hold.countDown();

        assertThat(caller.receive()).isEqualTo("200 /watch " + "s".repeat(i * 10));
      }
      assertThat(server.goneTotal).hasValue(0); // Now, while the caller is there.
    }
  }

  @Test
  void isClosedForGoodWhenTheCallerHangsUpDuringTheLastPeek() throws Exception {
    for (int i = 0; i < 50; i++) {
      Caller caller = new Caller(server.port());
      caller.send(Caller.get("/park"));
      Visit visit = server.nextParked();
      CountDownLatch hold = new CountDownLatch(1);
      server.heldFills.drainPermits();
      server.fillHold = hold;
      caller.socket.shutdownOutput();
      assertThat(server.heldFills.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
      server.fillHold = null;
      visit.released.countDown();
      assertThat(caller.receive()).isEqualTo("200 /park ");
      hold.countDown();

      assertThat(caller.atEnd()).isTrue();
      caller.close();
      assertEndedOnceAs(visit, true);
    }
  }

  @Test
  void noticesAConnectionThatWasClosedBeforeTheWatch() throws Exception {
    BlockingQueue<Object> seen = new LinkedBlockingQueue<>();
    try (ServerOf closing =
            new ServerOf(
                new HangupConnectionFactory(new HttpConfiguration()),
                request -> {
                  request.getConnectionMetaData().getConnection().getEndPoint().close();
                  return CallerWatch.of(request, () -> seen.add("gone")).close();
                },
                seen);
        Caller caller = new Caller(closing.port())) {
      caller.send(Caller.get("/"));

      assertThat(seen.poll(10, TimeUnit.SECONDS)).isEqualTo("gone");
      assertThat(seen.poll(10, TimeUnit.SECONDS)).isEqualTo(false);
    }
  }

  @Test
  void noticesAHangupBehindAPipelinedRequestWhenItsTurnComes() throws Exception {
    try (Caller caller = new Caller(server.port())) {
      caller.send(Caller.get("/park"));
      Visit first = server.nextParked();
      server.fills.drainPermits();
      caller.send(Caller.post("/park", "second"));
      assertThat(server.fills.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
      caller.socket.shutdownOutput();
      first.released.countDown();

      Visit second = server.nextParked();
      assertThat(second.awaitGone()).isTrue();
      assertEndedOnceAs(first, true);
      assertEndedOnceAs(second, false);
      assertThat(caller.receive()).isEqualTo("200 /park ");
    }
  }

  @Test
  void letsAWatchedRequestOutlastTheIdleTimeout() throws Exception {
    server.connector.setIdleTimeout(100);
    try (Caller caller = new Caller(server.port())) {
      caller.send(Caller.post("/park", "patient"));
      Visit visit = server.nextParked();
      server.idleExpiries.drainPermits();
      assertThat(server.idleExpiries.tryAcquire(3, 10, TimeUnit.SECONDS)).isTrue();
      visit.released.countDown();

      assertThat(caller.receive()).isEqualTo("200 /park patient");
      assertEndedOnceAs(visit, true);
    }
  }

  @Test
  void noticesAHangupAfterTheIdleTimeout() throws Exception {
    server.connector.setIdleTimeout(100);
    Caller caller = new Caller(server.port());
    caller.send(Caller.post("/park", "patient"));
    Visit visit = server.nextParked();
    server.idleExpiries.drainPermits();
    assertThat(server.idleExpiries.tryAcquire(2, 10, TimeUnit.SECONDS)).isTrue();
    caller.reset();

    assertThat(visit.awaitGone()).isTrue();
    assertEndedOnceAs(visit, false);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/inline", "/watch", "/plain"})
  void stillClosesAnIdleConnectionAfterAWatch(String path) throws Exception {
    server.connector.setIdleTimeout(100);
    try (Caller caller = new Caller(server.port())) {
      caller.send(Caller.get(path));
      assertThat(caller.receive()).startsWith("200");

      assertThat(caller.atEnd()).isTrue();
    }
  }

  @Test
  void watchesACallerThatWaitedFor100Continue() throws Exception {
    Caller caller = new Caller(server.port());
    for (int i = 0; i < 3; i++) {
      caller.send(
          "POST /park HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n"
              + "Expect: 100-continue\r\n\r\n");
      assertThat(caller.receive()).isEqualTo("100 ");
      caller.send("body");
      Visit visit = server.nextParked();
      visit.released.countDown();
      assertThat(caller.receive()).isEqualTo("200 /park body");
    }
    caller.send(Caller.post("/park", "last"));
    Visit visit = server.nextParked();
    caller.close();

    assertThat(visit.awaitGone()).isTrue();
    assertEndedOnceAs(visit, false);
  }

  @Test
  void closesAfterTheResponseWhenAskedTo() throws Exception {
    try (Caller caller = new Caller(server.port())) {
      caller.send("GET /park HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
      server.nextParked().released.countDown();

      assertThat(caller.receive()).isEqualTo("200 /park ");
      assertThat(caller.atEnd()).isTrue();
      assertThat(server.goneTotal).hasValue(0); // Now, while the caller is there.
    }
  }

  @Test
  void takesAStoppingServerForAGoneCaller() throws Exception {
    try (Caller caller = new Caller(server.port())) {
      caller.send(Caller.get("/park"));
      Visit visit = server.nextParked();
      server.close();

      assertThat(visit.awaitGone()).isTrue();
      assertEndedOnceAs(visit, false);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void endsEachRequestOnceWhenCallersHangUpAtRandom(long seed) throws Exception {
    int connections = 16;
    int requests = 1_000;
    BlockingQueue<Integer> work = new LinkedBlockingQueue<>();
    for (int i = 0; i < requests; i++) {
      work.add(i);
    }
    List<Visit> visits = new ArrayList<>();
    try (ExecutorService callers = Executors.newFixedThreadPool(connections + 1)) {
      Future<?> releasing = callers.submit(() -> release(visits, new Random(seed)));
      List<Future<?>> calling = new ArrayList<>();
      for (int c = 0; c < connections; c++) {
        Random random = new Random(seed * 31 + c);
        calling.add(callers.submit(() -> callAndLeave(work, random)));
      }
      for (Future<?> call : calling) {
        call.get();
      }
      // What a caller sent right before it left may be parked only now, and needs its release.
      assertThat(server.awaitNoEndPoints()).isTrue();
      server.parked.add(new Visit(() -> END)); // The mark at which the releasing ends.
      releasing.get();
    }
    for (Visit visit : visits) {
      assertThat(visit.awaitEnded()).isTrue();
      assertThat(visit.endedTimes).hasValue(1);
      assertThat(visit.goneTimes.get()).isLessThanOrEqualTo(1);
      assertThat(visit.watch.close()).isEqualTo(visit.goneTimes.get() == 0);
    }
    assertThat(visits).hasSizeGreaterThan(requests / 2);
    assertThat(visits).extracting(visit -> visit.goneTimes.get()).contains(0, 1);
  }

  @Test
  void watchesBehindTls(@TempDir Path folder) throws Exception {
    Path store = folder.resolve("tls.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-alias",
                "triage",
                "-dname",
                "CN=localhost",
                "-keystore",
                store.toString(),
                "-storetype",
                "PKCS12",
                "-storepass",
                "secret")
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("log").toFile())
            .start();
    assertThat(keytool.waitFor()).isZero();
    SslContextFactory.Server tls = new SslContextFactory.Server();
    tls.setKeyStorePath(store.toString());
    tls.setKeyStorePassword("secret");
    try (WatchedServer secured =
        new WatchedServer(
            new SslConnectionFactory(tls, "http/1.1"),
            new HangupConnectionFactory(new HttpConfiguration()))) {
      Socket plain = new Socket(InetAddress.getLoopbackAddress(), secured.port());
      SSLSocket socket =
          (SSLSocket)
              trusting(store)
                  .getSocketFactory()
                  .createSocket(plain, "localhost", secured.port(), true);
      Caller caller = new Caller(socket);
      for (int i = 0; i < 20; i++) {
        caller.send(Caller.post("/park", "secret" + i));
        Visit visit = secured.nextParked();
        if (i % 2 == 0) {
          secured.fills.drainPermits();
          caller.send(Caller.post("/watch", "y".repeat(40_000)));
          assertThat(secured.fills.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
        }
        visit.released.countDown();
        assertThat(caller.receive()).isEqualTo("200 /park secret" + i);
        if (i % 2 == 0) {
          assertThat(caller.receive()).isEqualTo("200 /watch " + "y".repeat(40_000));
        }
      }
      caller.send(Caller.post("/park", "last"));
      Visit visit = secured.nextParked();
      secured.fills.drainPermits();
      plain.getOutputStream().write(new byte[] {0x17, 3, 3, 1, 0}); // A record yet to come.
      assertThat(secured.fills.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
      assertThat(visit.goneTimes).hasValue(0);
      plain.close(); // No farewell of TLS before the end.

      assertThat(visit.awaitGone()).isTrue();
      assertEndedOnceAs(visit, false);
      assertThat(secured.awaitNoEndPoints()).isTrue();
      assertThat(secured.awaitNoLeaks()).isTrue();
    }
  }

  @Test
  void refusesToWatchBeforeTheBodyIsReadOrTwice() throws Exception {
    BlockingQueue<Object> seen = new LinkedBlockingQueue<>();
    try (ServerOf refusing =
        new ServerOf(
            new HangupConnectionFactory(new HttpConfiguration()),
            request -> {
              if (request.getLength() > 0) {
                return CallerWatch.of(request, () -> {});
              }
              CallerWatch.of(request, () -> {});
              return CallerWatch.of(request, () -> {});
            },
            seen)) {
      try (Caller caller = new Caller(refusing.port())) {
        caller.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n");
        assertThat(seen.poll(10, TimeUnit.SECONDS))
            .isInstanceOf(IllegalStateException.class)
            .hasToString(
                "java.lang.IllegalStateException: "
                    + "body: unread (expected: read to its end before a watch)");
      }
      try (Caller caller = new Caller(refusing.port())) {
        caller.send(Caller.get("/"));
        assertThat(seen.poll(10, TimeUnit.SECONDS))
            .hasToString("java.lang.IllegalStateException: watch: open (expected: one at a time)");
      }
    }
  }

  @Test
  void isHarmlessOnAConnectionThatCannotBeWatched() throws Exception {
    try (WatchedServer plain = new WatchedServer(new HttpConnectionFactory());
        Caller caller = new Caller(plain.port())) {
      for (int i = 0; i < 20; i++) {
        caller.send(Caller.post("/watch", "measurements"));
        assertThat(caller.receive()).isEqualTo("200 /watch measurements");
        caller.send(Caller.get("/park"));
        Visit visit = plain.nextParked();
        visit.released.countDown();
        assertThat(caller.receive()).isEqualTo("200 /park ");
        assertThat(visit.watch.close()).isTrue();
      }
    }
  }

  @Test
  void givesAClosedWatchOnceTheResponseIsComplete() throws Exception {
    BlockingQueue<Object> seen = new LinkedBlockingQueue<>();
    BlockingQueue<Request> kept = new LinkedBlockingQueue<>();
    try (ServerOf answering =
            new ServerOf(
                new HangupConnectionFactory(new HttpConfiguration()),
                request -> {
                  kept.add(request);
                  return "kept";
                },
                seen);
        Caller caller = new Caller(answering.port())) {
      caller.send(Caller.get("/one"));
      assertThat(caller.receive()).startsWith("200");
      caller.send(Caller.get("/two"));
      assertThat(caller.receive()).startsWith("200");
      Request over = kept.take();
      CallerWatch watch =
          CallerWatch.of(
              over,
              () -> {
                throw new AssertionError("watched a request that is over");
              });
      caller.close();
      assertThat(watch.close()).isTrue();
    }
  }

  private Void release(List<Visit> visits, Random random) throws InterruptedException {
    while (true) {
      Visit visit = server.nextParked();
      if (visit.body.get().equals(END)) {
        return null;
      }
      visits.add(visit);
      if (visit.body.get().startsWith(LEAVING)) {
        continue; // Only the hang-up ends it.
      }
      if (random.nextBoolean()) {
        visit.released.countDown();
      } else {
        Thread.ofVirtual().start(visit.released::countDown);
      }
    }
  }

  private Void callAndLeave(BlockingQueue<Integer> work, Random random) throws Exception {
    Caller caller = new Caller(server.port());
    while (work.poll() != null) {
      String rest = "b".repeat(1 + random.nextInt(3_000));
      boolean inChunks = random.nextBoolean();
      int course = random.nextInt(10);
      String body = (course < 2 ? LEAVING : STAYING) + rest;
      caller.send(inChunks ? Caller.chunked("/park", body) : Caller.post("/park", body));
      if (course > 5) {
        assertThat(caller.receive()).isEqualTo("200 /park " + body);
        continue;
      }
      switch (course) {
        case 0, 2 -> caller.close();
        case 1, 3 -> caller.reset();
        case 4 -> {
          caller.send(Caller.get("/watch"));
          caller.close();
        }
        default -> {
          caller.send(Caller.post("/watch", body));
          assertThat(caller.receive()).isEqualTo("200 /park " + body);
          assertThat(caller.receive()).isEqualTo("200 /watch " + body);
          continue;
        }
      }
      caller = new Caller(server.port());
    }
    caller.close();
    return null;
  }

  private void converse(Caller caller, String request, String answer, Random random)
      throws Exception {
    int cut = random.nextInt(request.length());
    caller.send(request.substring(0, cut));
    caller.send(request.substring(cut));
    assertThat(caller.receive()).isEqualTo("200 " + answer);
  }

  private void assertEndedOnceAs(Visit visit, boolean stillThere) throws InterruptedException {
    assertThat(visit.awaitEnded()).isTrue();
    assertThat(visit.endedTimes).hasValue(1);
    assertThat(visit.goneTimes).hasValue(stillThere ? 0 : 1);
    assertThat(visit.watch.close()).isEqualTo(stillThere);
  }

  private long bytesIn() {
    return server.connector.getConnectedEndPoints().iterator().next().getConnection().getBytesIn();
  }

  private static SSLContext trusting(Path store) throws Exception {
    KeyStore keys = KeyStore.getInstance(store.toFile(), "secret".toCharArray());
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("triage", keys.getCertificate("triage"));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  private interface Attempt {
    Object with(Request request);
  }

  /// A server that tells what an attempt gave or threw, and answers with nothing.
  private static final class ServerOf implements AutoCloseable {
    private final Server server = new Server();
    private final ServerConnector connector;

    private ServerOf(ConnectionFactory factory, Attempt attempt, BlockingQueue<Object> seen)
        throws Exception {
      connector = new ServerConnector(server, factory);
      server.addConnector(connector);
      server.setHandler(
          new Handler.Abstract.NonBlocking() {
            @Override
            public boolean handle(Request request, Response response, Callback callback) {
              try {
                seen.add(attempt.with(request));
              } catch (IllegalStateException refused) {
                seen.add(refused);
              }
              response.write(true, null, callback);
              return true;
            }
          });
      server.start();
    }

    private int port() {
      return connector.getLocalPort();
    }

    @Override
    public void close() throws Exception {
      server.stop();
    }
  }
}
