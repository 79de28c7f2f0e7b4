package triage.gateway;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http2.HTTP2Connection;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.ssl.SslHandshakeListener;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import triage.Received;
import triage.time.SettableTime;

/// A Jetty server at whose callers' pace a pacer looks when the test tells it to, by a clock that
/// the test sets. It answers a body with its length, `/big/N` with N bytes in one write, and
/// `/refused` before it has read anything.
final class PacedServer implements AutoCloseable {
  final SettableTime time = new SettableTime(Instant.EPOCH);
  final ArrayByteBufferPool.Tracking buffers = new ArrayByteBufferPool.Tracking();
  final Pacer pacer;
  final ConnectionLimits limits;
  final AtomicInteger inside = new AtomicInteger();
  final AtomicReference<Throwable> failure = new AtomicReference<>();
  final Semaphore begun = new Semaphore(0);

  /// Runs on the thread that ends a handshake of TLS, which then holds its connection's lock.
  volatile Runnable agreeing = () -> {};

  /// Has the pacer's ends run.
  volatile Consumer<Runnable> giveUp = Thread::startVirtualThread;

  /// Runs before a request is failed by whom the pacer has do so.
  volatile Runnable failing = () -> {};

  /// How often a handler has ended its exchange and gone on.
  final Semaphore ends = new Semaphore(0);

  /// What Jetty was told of exchanges, and when the failing of one was over.
  final List<String> order = new CopyOnWriteArrayList<>();

  private final AtomicInteger opened = new AtomicInteger();
  private final AtomicInteger demands = new AtomicInteger();
  private final AtomicLong waitsAfter = new AtomicLong(-1);
  private final Server server = new Server();
  private final ServerConnector connector;

  /// Starts one in the clear.
  PacedServer(PaceSettings pace, ConnectionSettings connections) throws Exception {
    this(pace, connections, null);
  }

  /// Starts one.
  ///
  /// @param certificate what it shows on TLS, or null to speak in the clear
  PacedServer(
      PaceSettings pace, ConnectionSettings connections, @Nullable ServerCertificate certificate)
      throws Exception {
    pacer = new Pacer(pace, connections, time, task -> giveUp.accept(task));
    limits = new ConnectionLimits(connections);
    connector =
        new ServerConnector(server, null, null, buffers, 1, 1, factories(certificate, pacer));
    connector.addBean(limits);
    connector.addBean(new Opened());
    server.addConnector(connector);
    server.setHandler(new Door());
    server.start();
  }

  private static ConnectionFactory[] factories(
      @Nullable ServerCertificate certificate, Pacer pacer) {
    HttpConfiguration configuration = new HttpConfiguration();
    ConnectionFactory http = new HangupConnectionFactory(configuration, pacer);
    return certificate == null
        ? new ConnectionFactory[] {http, new SessionFactory(configuration, pacer)}
        : HandshakeFactory.all(certificate, pacer, http, configuration);
  }

  int port() {
    return connector.getLocalPort();
  }

  Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port());
    socket.setSoTimeout(10_000);
    return socket;
  }

  static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    socket.getOutputStream().flush();
  }

  static String readAll(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
  }

  static String read(Socket socket, String end) throws IOException {
    return Received.until(socket.getInputStream(), end);
  }

  /// Waits until a request is being handled.
  void awaitBegun() throws InterruptedException {
    if (!begun.tryAcquire(10, TimeUnit.SECONDS)) {
      throw new AssertionError("no request in 10 s");
    }
  }

  /// Waits until a protocol of HTTP has begun on this many connections.
  void awaitOpened(int count) {
    await("opened: " + count, () -> opened.get() == count);
  }

  /// Waits until so many bytes of a body have been taken, and the next ones are waited for.
  void awaitWaitsAfter(long bytes) {
    await("waits after " + bytes + " bytes", () -> waitsAfter.get() == bytes);
  }

  private void waits(long taken) {
    waitsAfter.accumulateAndGet(taken, Math::max);
    demands.incrementAndGet();
  }

  /// Gives how often more of a body has been waited for.
  int demands() {
    return demands.get();
  }

  /// Waits until more of a body is waited for once again.
  void awaitDemandAfter(int count) {
    await("demands after " + count, () -> demands.get() > count);
  }

  /// Waits until the pacer looks at this many connections and exchanges.
  void awaitWatched(int count) {
    await("watched: " + count, () -> pacer.watched() == count);
  }

  static void await(String what, BooleanSupplier holds) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (!holds.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("not within 10 s: " + what);
      }
      LockSupport.parkNanos(1_000_000);
    }
  }

  @Override
  public void close() throws Exception {
    server.stop();
    pacer.close();
  }

  private final class Door extends Handler.Abstract.NonBlocking {
    @Override
    public boolean handle(Request request, Response response, Callback callback) {
      inside.incrementAndGet();
      PacedExchange exchange =
          new PacedExchange(pacer, new Failing(request), response, told(callback)) {
            @Override
            void ended() {
              inside.decrementAndGet();
            }
          };
      Thread.startVirtualThread(() -> serve(exchange));
      begun.release();
      return true;
    }

    private Callback told(Callback callback) {
      return new Callback.Nested(callback) {
        @Override
        public void succeeded() {
          order.add("told");
          super.succeeded();
        }

        @Override
        public void failed(Throwable cause) {
          order.add("told");
          super.failed(cause);
        }
      };
    }

    private void serve(PacedExchange exchange) {
      Request request = new CountedRequest(exchange.request(), PacedServer.this::waits);
      String path = request.getHttpURI().getPath();
      if (path.startsWith("/big/")) {
        ByteBuffer bytes = ByteBuffer.allocate(Integer.parseInt(path.substring(5)));
        exchange
            .response()
            .write(
                true,
                bytes,
                Callback.from(
                    exchange::succeeded,
                    cause -> {
                      failure.set(cause);
                      exchange.failed(cause);
                    }));
        return;
      }
      if (path.equals("/refused")) {
        exchange.response().setStatus(400);
        exchange.response().getHeaders().put(HttpHeader.CONTENT_LENGTH, 0);
        exchange
            .response()
            .write(true, null, UnreadBody.before(request, exchange.response(), exchange));
        return;
      }
      int status = 200;
      String answer;
      try {
        answer = Integer.toString(Body.read(request, 1 << 20).bytes().length);
      } catch (RefusedException e) {
        status = e.refusal().status();
        answer = e.refusal().message();
      }
      exchange.response().setStatus(status);
      exchange.response().getHeaders().put(HttpHeader.CONTENT_LENGTH, answer.length());
      exchange
          .response()
          .write(
              true,
              ByteBuffer.wrap(answer.getBytes(StandardCharsets.ISO_8859_1)),
              Callback.from(
                  () -> {
                    exchange.succeeded();
                    ends.release();
                  },
                  exchange::failed));
    }
  }

  /// Counts the connections that speak HTTP, and hears of the end of handshakes.
  private final class Opened implements Connection.Listener, SslHandshakeListener {
    @Override
    public void onOpened(Connection connection) {
      if (connection instanceof HangupConnection || connection instanceof HTTP2Connection) {
        opened.incrementAndGet();
      }
    }

    @Override
    public void onClosed(Connection connection) {}

    @Override
    public void handshakeSucceeded(Event event) {
      agreeing.run();
    }
  }

  /// A request that is failed when the test says so.
  private final class Failing extends Request.Wrapper {
    private Failing(Request wrapped) {
      super(wrapped);
    }

    @Override
    public void fail(Throwable cause) {
      failing.run();
      super.fail(cause);
      order.add("failed");
    }
  }
}
