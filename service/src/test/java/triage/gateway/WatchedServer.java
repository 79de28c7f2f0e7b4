package triage.gateway;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import triage.backend.HttpEndPoint;

/// A Jetty server whose one handler does what the gateway does: it takes a request on the I/O
/// thread, reads the body on a virtual thread, watches the caller, waits, and answers with the body
/// it was sent. The path says how:
///
/// - `/park`: watched until the test releases it or the caller is gone
/// - `/ahead`: the same, watched before the body is read, which the test lets begin
/// - `/keep`: as `/park`, with the body left in Jetty's buffers meanwhile
/// - `/watch`: watched, and answered at once
/// - `/plain`: not watched, answered at once
/// - `/inline`: watched and answered on the I/O thread, without a body
/// - `/late`: as `/park`, once a second read interest is registered: the first one brought the
///   request
/// - `/early`: as `/park`, once the second read interest is held back by the test
/// - `/dwell`: as `/park`, while the thread that read the request is held back by the test
final class WatchedServer implements AutoCloseable {
  final ArrayByteBufferPool.Tracking buffers = new ArrayByteBufferPool.Tracking();
  final BlockingQueue<Visit> parked = new LinkedBlockingQueue<>();
  final AtomicInteger begun = new AtomicInteger();
  final AtomicInteger ended = new AtomicInteger();
  final AtomicInteger goneTotal = new AtomicInteger();
  final Semaphore idleExpiries = new Semaphore(0);
  final Semaphore fills = new Semaphore(0);
  final Semaphore heldFills = new Semaphore(0);
  final Semaphore interests = new Semaphore(0);
  final AtomicInteger goingOn = new AtomicInteger();
  final Semaphore wentOn = new Semaphore(0);
  final CountDownLatch dwelling = new CountDownLatch(1);
  final Semaphore watchedAhead = new Semaphore(0);
  final CountDownLatch reading = new CountDownLatch(1);
  final Semaphore heldInterests = new Semaphore(0);

  /// Who waits for it closes its connection before the interest is registered.
  volatile @Nullable CountDownLatch interestHold;

  private volatile @Nullable ManagedSelector selector;
  volatile int lastFilled;
  volatile @Nullable CountDownLatch fillHold;
  final Server server = new Server();
  final ServerConnector connector;
  private final Object opened = new Object();
  private int open;

  static {
    // Without a configuration the test's log would show every step of Jetty.
    ((Logger) LoggerFactory.getLogger("org.eclipse.jetty")).setLevel(Level.WARN);
  }

  WatchedServer(ConnectionFactory... connections) throws Exception {
    connector = new Connector(connections);
    connector.setIdleTimeout(60_000);
    server.addConnector(connector);
    server.setHandler(new Gateway());
    server.start();
  }

  int port() {
    return connector.getLocalPort();
  }

  /// Gives the next request that has been parked and is being watched.
  Visit nextParked() throws InterruptedException {
    Visit visit = parked.poll(10, TimeUnit.SECONDS);
    if (visit == null) {
      throw new AssertionError("no request was parked in 10 s");
    }
    return visit;
  }

  /// Waits until the thread that selects has gone on from the request it read. Before, that thread
  /// itself would go on with the connection once the request is answered, and wake nobody.
  void awaitSelectorBack() throws InterruptedException {
    ManagedSelector of = selector;
    if (of == null) {
      throw new IllegalStateException("no connection yet");
    }
    CountDownLatch back = new CountDownLatch(1);
    of.submit(_ -> back.countDown());
    if (!back.await(10, TimeUnit.SECONDS)) {
      throw new AssertionError("the selecting thread was not back in 10 s");
    }
  }

  /// Waits until every connection has been taken down, and says whether that came to pass.
  boolean awaitNoEndPoints() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    synchronized (opened) {
      while (open > 0) {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left <= 0) {
          return false;
        }
        opened.wait(left);
      }
      return true;
    }
  }

  /// Runs what Jetty wants to have run, and counts what goes on with a connection.
  private void execute(Runnable task) {
    if (!(task instanceof HangupConnection)) {
      server.getThreadPool().execute(task);
      return;
    }
    goingOn.incrementAndGet();
    server
        .getThreadPool()
        .execute(() -> {
          task.run();
          wentOn.release();
        });
  }

  /// Waits until every request that began has ended, and says whether that came to pass.
  boolean awaitEnds() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    synchronized (opened) {
      while (ended.get() < begun.get()) {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left <= 0) {
          return false;
        }
        opened.wait(left);
      }
      return true;
    }
  }

  /// Waits until every buffer is back in the pool, and says whether that came to pass. Jetty gives
  /// the last ones back on a thread of its own after the connection is down, and tells nobody.
  boolean awaitNoLeaks() {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (!buffers.getLeaks().isEmpty() && System.nanoTime() < deadline) {
      LockSupport.parkNanos(1_000_000);
    }
    return buffers.getLeaks().isEmpty();
  }

  @Override
  public void close() throws Exception {
    server.stop();
  }

  /// One parked request.
  static final class Visit {
    final CountDownLatch released = new CountDownLatch(1);
    final CountDownLatch gone = new CountDownLatch(1);
    final CountDownLatch ended = new CountDownLatch(1);
    final AtomicInteger goneTimes = new AtomicInteger();
    final AtomicInteger endedTimes = new AtomicInteger();
    final Supplier<String> body;
    volatile @Nullable CallerWatch watch;

    Visit(Supplier<String> body) {
      this.body = body;
    }

    boolean awaitGone() throws InterruptedException {
      return gone.await(10, TimeUnit.SECONDS);
    }

    boolean awaitEnded() throws InterruptedException {
      return ended.await(10, TimeUnit.SECONDS);
    }
  }

  private final class Gateway extends Handler.Abstract.NonBlocking {
    @Override
    public boolean handle(Request request, Response response, Callback callback) {
      begun.incrementAndGet();
      String path = Request.getPathInContext(request);
      Request.addCompletionListener(
          request,
          failure -> {
            ended.incrementAndGet();
            synchronized (opened) {
              opened.notifyAll();
            }
          });
      if (path.equals("/inline")) {
        CallerWatch watch = CallerWatch.of(request, goneTotal::incrementAndGet);
        watch.close();
        answer(request, response, "inline", callback);
      } else {
        Thread.ofVirtual().start(() -> exchange(path, request, response, callback));
        if (path.equals("/dwell")) {
          dwell();
        }
      }
      return true;
    }

    private void dwell() {
      try {
        if (!dwelling.await(10, TimeUnit.SECONDS)) {
          throw new IllegalStateException("dwelt for 10 s");
        }
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    private void exchange(String path, Request request, Response response, Callback callback) {
      try {
        if (path.equals("/keep")) {
          keep(request, response, callback);
          return;
        }
        if (path.equals("/ahead")) {
          ahead(request, response, callback);
          return;
        }
        String body = Content.Source.asString(request);
        switch (path) {
          case "/late" -> {
            if (!interests.tryAcquire(2, 10, TimeUnit.SECONDS)) {
              throw new TimeoutException("no second interest was registered");
            }
            park(new Visit(() -> body), request, response, callback);
          }
          case "/early" -> {
            if (!heldInterests.tryAcquire(10, TimeUnit.SECONDS)) {
              throw new TimeoutException("no interest was held back");
            }
            park(new Visit(() -> body), request, response, callback);
          }
          case "/park", "/dwell" -> park(new Visit(() -> body), request, response, callback);
          case "/watch" -> {
            CallerWatch watch = CallerWatch.of(request, goneTotal::incrementAndGet);
            answer(request, response, body, callback);
            watch.close();
          }
          default -> answer(request, response, body, callback);
        }
      } catch (Exception | AssertionError e) {
        callback.failed(e);
      }
    }

    /// Holds the body where Jetty has put it, as a proxy does that may have to send it twice.
    private void keep(Request request, Response response, Callback callback) throws Exception {
      List<Content.Chunk> kept = new ArrayList<>();
      while (kept.isEmpty() || !kept.getLast().isLast()) {
        Content.Chunk chunk = request.read();
        if (chunk == null) {
          Semaphore more = new Semaphore(0);
          request.demand(more::release);
          more.acquire();
        } else {
          kept.add(chunk);
        }
      }
      park(new Visit(() -> take(kept)), request, response, callback);
    }

    private static String take(List<Content.Chunk> kept) {
      StringBuilder body = new StringBuilder();
      for (Content.Chunk chunk : kept) {
        body.append(BufferUtil.toString(chunk.getByteBuffer()));
        chunk.release();
      }
      return body.toString();
    }

    /// Watches the caller of a body that is read later.
    private void ahead(Request request, Response response, Callback callback) throws Exception {
      AtomicReference<String> body = new AtomicReference<>("");
      Visit visit = new Visit(body::get);
      countEnds(visit, request);
      CallerWatch watch = CallerWatch.ahead(request, () -> left(visit));
      watchedAhead.release();
      if (!reading.await(10, TimeUnit.SECONDS)) {
        throw new TimeoutException("its body was never to be read");
      }
      body.set(Content.Source.asString(request));
      watch.bodyRead(request);
      park(visit, watch, request, response, callback);
    }

    private void park(Visit visit, Request request, Response response, Callback callback)
        throws Exception {
      countEnds(visit, request);
      park(visit, CallerWatch.of(request, () -> left(visit)), request, response, callback);
    }

    private static void countEnds(Visit visit, Request request) {
      Request.addCompletionListener(
          request,
          failure -> {
            visit.endedTimes.incrementAndGet();
            visit.ended.countDown();
          });
    }

    private void left(Visit visit) {
      visit.goneTimes.incrementAndGet();
      goneTotal.incrementAndGet();
      visit.gone.countDown();
      visit.released.countDown();
    }

    private void park(
        Visit visit, CallerWatch watch, Request request, Response response, Callback callback)
        throws Exception {
      visit.watch = watch;
      parked.add(visit);
      if (!visit.released.await(30, TimeUnit.SECONDS)) {
        throw new TimeoutException("never released");
      }
      if (watch.close()) {
        answer(request, response, visit.body.get(), callback);
      } else {
        callback.failed(new EofException("caller gone"));
      }
    }

    private void answer(Request request, Response response, String body, Callback callback) {
      response.setStatus(200);
      response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/plain");
      Content.Sink.write(response, true, Request.getPathInContext(request) + " " + body, callback);
    }
  }

  /// A connector that lets a test wait for what happens below the connection.
  private final class Connector extends ServerConnector {
    private Connector(ConnectionFactory... connections) {
      super(server, WatchedServer.this::execute, null, buffers, 1, 1, connections);
    }

    @Override
    protected SocketChannelEndPoint newEndPoint(
        SocketChannel channel, ManagedSelector from, SelectionKey key) throws IOException {
      selector = from;
      EndPointWithNews endPoint = new EndPointWithNews(channel, from, key);
      endPoint.setIdleTimeout(getIdleTimeout());
      return endPoint;
    }

    @Override
    protected void onEndPointOpened(EndPoint endPoint) {
      super.onEndPointOpened(endPoint);
      synchronized (opened) {
        open++;
      }
    }

    @Override
    protected void onEndPointClosed(EndPoint endPoint) {
      super.onEndPointClosed(endPoint);
      synchronized (opened) {
        open--;
        opened.notifyAll();
      }
    }

    private final class EndPointWithNews extends HttpEndPoint {
      private EndPointWithNews(SelectableChannel channel, ManagedSelector from, SelectionKey key) {
        super((SocketChannel) channel, from, key, Connector.this.getScheduler());
      }

      @Override
      public int fill(ByteBuffer buffer) throws IOException {
        CountDownLatch hold = fillHold;
        if (hold != null) {
          heldFills.release();
          awaitUninterrupted(hold);
        }
        int filled = super.fill(buffer);
        if (filled > 0) {
          lastFilled = filled;
          fills.release();
        }
        return filled;
      }

      private void awaitUninterrupted(CountDownLatch hold) throws IOException {
        try {
          if (!hold.await(10, TimeUnit.SECONDS)) {
            throw new IOException("held for 10 s");
          }
        } catch (InterruptedException e) {
          throw new IOException(e);
        }
      }

      @Override
      public void fillInterested(Callback callback) {
        CountDownLatch hold = interestHold;
        if (hold != null) {
          heldInterests.release();
          try {
            awaitUninterrupted(hold);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
          close();
        }
        super.fillInterested(callback);
        interests.release();
      }

      @Override
      protected void onIdleExpired(TimeoutException timeout) {
        super.onIdleExpired(timeout);
        idleExpiries.release();
      }
    }
  }
}
