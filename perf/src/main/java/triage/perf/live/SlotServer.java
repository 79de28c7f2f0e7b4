package triage.perf.live;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Iterator;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import triage.perf.live.Conduct.Fault;

/// A model server whose capacity, service time and faults are changed while it runs.
///
/// It speaks as much of Open Inference Protocol v2 as a gateway needs, computes nothing, and
/// answers every inference with the same body when its time in a [SlotQueue] is over. A request
/// whose caller hangs up leaves the queue; in a slot it is worked on to its end, as usual.
///
/// **Threads**: one runs [#run]; [#ask], [#change] and [#close] are for any other.
public final class SlotServer implements Runnable, AutoCloseable {
  private static final long MILLISECOND_NANOS = 1_000_000;
  private static final long LATE_NANOS = MILLISECOND_NANOS;
  // A wait too short for the selector is slept in pieces of this, with a look at the sockets after.
  private static final long PIECE_NANOS = 300_000;
  private static final long WAIT_NANOS_MAX = 100 * MILLISECOND_NANOS;
  private static final int CONNECTIONS_MAX = 10_000;
  private static final int BACKLOG = 1024;

  private final Selector selector = Selector.open();
  private final ServerSocketChannel listener = ServerSocketChannel.open();
  private final ServiceTimes times;
  private final SlotQueue<SlotConnection> queue;
  private final Queue<Runnable> errands = new ConcurrentLinkedQueue<>();
  private final ByteBuffer scratch = ByteBuffer.allocateDirect(64 << 10);
  private final @Nullable SSLContext shown;
  private Conduct conduct;
  private ByteBuffer reporting = CannedAnswers.INFERENCE;
  private long stoodStillNanos;
  private long frozenAtNanos;
  private long handshakesFailed;
  private long arrived;
  private long served;
  private long faulty;
  private long abandoned;
  private volatile boolean closed;

  /// Listens on a free port of 127.0.0.1, or on the one given.
  ///
  /// @param seed of service times and faults
  /// @param shown the certificate to show on TLS, or null to speak in the clear
  /// @throws IOException if the port is taken
  public SlotServer(int port, Conduct conduct, long seed, @Nullable SSLContext shown)
      throws IOException {
    this.shown = shown;
    this.conduct = conduct;
    this.times = new ServiceTimes(seed);
    this.queue =
        new SlotQueue<>(
            conduct.slots(),
            request -> times.next(this.conduct),
            request -> !request.isOpen(),
            LATE_NANOS);
    listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), BACKLOG);
    listener.configureBlocking(false);
    listener.register(selector, SelectionKey.OP_ACCEPT);
  }

  /// Gives the port that it listens on.
  public int port() {
    return listener.socket().getLocalPort();
  }

  /// Changes how the server behaves, between two requests.
  CompletableFuture<String> change(Options options) {
    return errand(() -> {
      Conduct changed = conduct.with(options);
      long now = now();
      if (changed.fault() == Fault.HANG && conduct.fault() != Fault.HANG) {
        frozenAtNanos = now;
      } else if (changed.fault() != Fault.HANG && conduct.fault() == Fault.HANG) {
        stoodStillNanos += System.nanoTime() - stoodStillNanos - frozenAtNanos;
      }
      conduct = changed;
      reporting =
          changed.utilization() < 0
              ? CannedAnswers.INFERENCE
              : CannedAnswers.reporting(changed.utilization());
      queue.slots(changed.slots(), now);
      return state(true);
    });
  }

  /// Gives how the server behaves, and what it has done, as a JSON object.
  CompletableFuture<String> ask() {
    return errand(() -> state(false));
  }

  private CompletableFuture<String> errand(Supplier<String> work) {
    CompletableFuture<String> done = new CompletableFuture<>();
    errands.add(() -> {
      try {
        done.complete(work.get());
      } catch (IllegalArgumentException e) {
        done.completeExceptionally(e);
      }
    });
    selector.wakeup();
    return done;
  }

  private String state(boolean forgetMax) {
    return new JsonLine("slot-server")
        .put("monotonicNanos", System.nanoTime())
        .put("slots", conduct.slots())
        .put("serviceNanos", conduct.serviceNanos())
        .put("spread", conduct.spread().name())
        .put("variation", conduct.variation())
        .put("fault", conduct.fault().name())
        .put("faultShare", conduct.faultShare())
        .put("utilization", conduct.utilization())
        .put("handshakesFailed", handshakesFailed)
        .put("arrived", arrived)
        .put("started", queue.started())
        .put("served", served)
        .put("faulty", faulty)
        .put("abandoned", abandoned)
        .put("lateStarts", queue.lateStarts())
        .put("running", queue.running())
        .put("waiting", queue.waiting())
        .put("inFlightMax", queue.insideMax(forgetMax))
        .put("connections", selector.keys().size() - 1)
        .toString();
  }

  /// Serves until it is closed.
  @Override
  public void run() {
    try (selector;
        listener) {
      while (!closed) {
        await(Math.min(queue.nextEndNanos() - now(), WAIT_NANOS_MAX));
        // What has ended leaves before anything new comes in.
        long now = now();
        for (SlotConnection done = queue.poll(now); done != null; done = queue.poll(now)) {
          end(done);
        }
        for (Runnable errand = errands.poll(); errand != null; errand = errands.poll()) {
          errand.run();
        }
        Iterator<SelectionKey> ready = selector.selectedKeys().iterator();
        while (ready.hasNext()) {
          serve(ready.next(), now);
          ready.remove();
        }
      }
      for (SelectionKey key : selector.keys()) {
        key.channel().close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the model server cannot go on", e);
    }
  }

  /// Gives the time, which stands still while the server hangs.
  private long now() {
    return conduct.fault() == Fault.HANG ? frozenAtNanos : System.nanoTime() - stoodStillNanos;
  }

  private void await(long nanos) throws IOException {
    if (nanos >= MILLISECOND_NANOS) {
      selector.select(nanos / MILLISECOND_NANOS);
      return;
    }
    if (selector.selectNow() == 0 && nanos > 0 && errands.isEmpty()) {
      LockSupport.parkNanos(Math.min(nanos, PIECE_NANOS));
      selector.selectNow();
    }
  }

  private void serve(SelectionKey key, long now) throws IOException {
    if (key.channel() == listener) {
      accept();
      return;
    }
    SlotConnection connection = (SlotConnection) key.attachment();
    try {
      if (!connection.read(scratch)) {
        return;
      }
      String line = connection.startLine();
      if (line.startsWith("POST ") && line.contains("/infer")) {
        arrived++;
        queue.arrive(connection, now);
      } else if (conduct.fault() != Fault.HANG) {
        connection.answer(CannedAnswers.to(line));
      }
    } catch (SSLException e) {
      // Before it has asked for anything, what went wrong is the handshake.
      handshakesFailed += connection.hasAsked() ? 0 : 1;
      connection.close();
    } catch (IOException e) {
      connection.close();
    }
  }

  private void accept() throws IOException {
    for (SocketChannel caller = listener.accept(); caller != null; caller = listener.accept()) {
      if (selector.keys().size() > CONNECTIONS_MAX) {
        caller.close();
      } else {
        SlotConnection unused = new SlotConnection(caller, selector, shown);
      }
    }
  }

  private void end(SlotConnection done) {
    if (!done.isOpen()) {
      abandoned++;
      return;
    }
    try {
      if (!times.isFaulty(conduct)) {
        done.answer(done.asksForLoad() ? reporting : CannedAnswers.INFERENCE);
        served++;
        return;
      }
      faulty++;
      if (conduct.fault() == Fault.RESET) {
        done.reset();
      } else if (conduct.fault() == Fault.CUT) {
        done.answer(CannedAnswers.HALF);
        done.close();
      } else if (conduct.fault() == Fault.REFUSE) {
        done.answer(CannedAnswers.REFUSED);
      } else {
        done.answer(CannedAnswers.FAILED);
      }
    } catch (IOException e) {
      abandoned++;
      done.close();
    }
  }

  /// Stops serving; [#run] returns.
  @Override
  public void close() {
    closed = true;
    selector.wakeup();
  }
}
