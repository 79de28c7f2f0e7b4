package triage.gateway;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Invocable;
import org.jspecify.annotations.Nullable;
import triage.identity.Caller;

/// One exchange whose caller must keep pace: it fails with a [CallerFaultException] when a body
/// comes too slowly or is too long, and when an answer is not read.
///
/// Stands between Jetty and the handlers: they get [#request()], [#response()] and, as their
/// callback, the exchange itself. A failure reaches whoever reads or writes at the time; a reader
/// of a body then answers with the status that it carries.
///
/// An exchange that is over is left alone. Jetty frees a request when it is told of its end, and
/// uses its channel for the next one on the connection: to fail it then would fail that one. So
/// whoever fails a request holds it meanwhile, and Jetty is told once nobody holds it any more.
///
/// **Threads**: safe for use by several threads, as Jetty's own requests are: one reads at a time,
/// one writes at a time. The pacer looks at it meanwhile.
class PacedExchange extends Callback.Nested implements Pacer.Paced {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  private final Pacer pacer;
  private final PaceSettings pace;
  private final long idleNanos;
  private final PacedRequest request;
  private final PacedResponse response;
  private volatile boolean known;
  private final AtomicBoolean over = new AtomicBoolean();

  /// How many keep Jetty from being told of the end: the exchange until then, who fails it now.
  private final AtomicInteger holds = new AtomicInteger(1);

  /// How it ended; written before the hold of the exchange is let go.
  private @Nullable Throwable cause;

  private boolean bodyGivenUp;
  private boolean readerGivenUp;

  /// Begins an exchange whose headers have come.
  PacedExchange(Pacer pacer, Request request, Response response, Callback callback) {
    super(callback);
    this.pacer = pacer;
    this.pace = pacer.pace();
    String path = request.getHttpURI().getPath();
    RouteGroup group = RouteGroup.of(request.getMethod(), path == null ? "/" : path);
    this.idleNanos = pace.of(group).idleNanos();
    this.request = new PacedRequest(request);
    this.response = new PacedResponse(this.request, response);
  }

  Request request() {
    return request;
  }

  /// Bounds the time that the rest of a body may take from now on, whatever its pace. Of two bounds
  /// the sooner holds.
  ///
  /// @param request of a paced exchange, or a wrapper of it
  static void boundRest(Request request, long nanos) {
    PacedRequest paced = Request.as(request, PacedRequest.class);
    if (paced != null) {
      paced.boundRest(nanos);
    }
  }

  /// Gives who sends a request, if the front door knows: its token was verified before, and was
  /// good a moment ago.
  ///
  /// @param request of a paced exchange, or a wrapper of it
  static @Nullable Caller caller(Request request) {
    PacedRequest paced = Request.as(request, PacedRequest.class);
    return paced == null ? null : paced.caller();
  }

  Response response() {
    return response;
  }

  /// Gives who sends the request, if the front door knows.
  @Nullable Caller caller() {
    return null;
  }

  /// Runs once the exchange is over, however it ended; once at most.
  void ended() {}

  /// Tells whether the whole body must come within the grace, however long it is.
  boolean isHurried() {
    return false;
  }

  @Override
  public final void succeeded() {
    end(null);
  }

  @Override
  public final void failed(Throwable cause) {
    end(cause);
  }

  private void end(@Nullable Throwable how) {
    // A handler that fails after it has answered ends its exchange twice.
    if (!over.compareAndSet(false, true)) {
      return;
    }
    if (known) {
      pacer.remove(this);
    }
    ended();
    cause = how;
    letGo();
  }

  private boolean hold() {
    return holds.getAndUpdate(count -> count == 0 ? 0 : count + 1) > 0;
  }

  private void letGo() {
    if (holds.decrementAndGet() > 0) {
      return;
    }
    Throwable how = cause;
    if (how == null) {
      super.succeeded();
    } else {
      super.failed(how);
    }
  }

  /// Fails whoever reads or writes, unless the exchange has ended by now.
  private void fail(CallerFaultException fault) {
    if (!hold()) {
      return;
    }
    try {
      request.getWrapped().fail(fault);
    } finally {
      letGo();
    }
  }

  /// Makes the exchange known to the pacer, once it has to wait.
  private void waits() {
    if (!known) {
      known = true;
      pacer.add(this);
    }
  }

  @Override
  public void check(long nowNanos) {
    if (over.get()) {
      pacer.remove(this); // It ended while it was made known.
    } else if (request.isOverdue(nowNanos) && !bodyGivenUp) {
      bodyGivenUp = true;
      pacer.giveUp(Slowness.BODY, () -> fail(tooSlow()));
    } else if (response.isOverdue(nowNanos) && !readerGivenUp) {
      readerGivenUp = true;
      pacer.giveUp(Slowness.READER, () -> fail(unread()));
    }
  }

  private CallerFaultException tooSlow() {
    if (isHurried()) {
      return new CallerFaultException(
          408,
          "the body came too slowly (expected: all of it within "
              + pace.grace().toMillis()
              + " ms while the house is full); send it again");
    }
    return new CallerFaultException(
        408,
        "the body came too slowly (expected: no pause of "
            + idleNanos / 1_000_000
            + " ms, and at least "
            + pace.bytesPerSecondMin()
            + " bytes a second); send it again");
  }

  private static CallerFaultException unread() {
    return new CallerFaultException(408, "the answer was not read");
  }

  private CallerFaultException tooLong() {
    return new CallerFaultException(
        413,
        "the body is larger than "
            + pacer.connections().bodyBytesMax()
            + " bytes; send it in parts");
  }

  private long nanosFor(long bytes) {
    // In floating point, since bytes times 1e9 overflows.
    return (long) ((double) bytes / pace.bytesPerSecondMin() * NANOS_PER_SECOND);
  }

  /// The request as the handlers see it.
  private final class PacedRequest extends Request.Wrapper {
    // One reads at a time; Jetty's own hand-over makes these visible to the next one.
    private long bytes;
    private long waitedNanos;
    private boolean bounded;
    private long lastNanos;
    private Content.@Nullable Chunk tooLong;

    private volatile boolean waiting;
    private volatile long dueNanos;

    private PacedRequest(Request wrapped) {
      super(wrapped);
    }

    private @Nullable Caller caller() {
      return PacedExchange.this.caller();
    }

    @Override
    public Content.@Nullable Chunk read() {
      if (tooLong != null) {
        return tooLong;
      }
      Content.Chunk chunk = super.read();
      if (chunk == null || Content.Chunk.isFailure(chunk)) {
        return chunk;
      }
      bytes += chunk.remaining();
      if (bytes > pacer.connections().bodyBytesMax()) {
        chunk.release();
        tooLong = Content.Chunk.from(tooLong(), true);
        return tooLong;
      }
      return chunk;
    }

    @Override
    public void demand(Runnable callback) {
      long startedNanos = pacer.nanos();
      long earnedNanos = isHurried() ? 0 : nanosFor(bytes);
      // On TLS what comes is seen a record at a time.
      long recordNanos = isSecure() && !isHurried() ? pace.recordNanos() : 0;
      long behindNanos = pace.grace().toNanos() + earnedNanos + recordNanos - waitedNanos;
      long mayTake = Math.min(Math.max(idleNanos, recordNanos), behindNanos);
      dueNanos = startedNanos + (bounded ? Math.min(mayTake, lastNanos - startedNanos) : mayTake);
      waiting = true;
      waits();
      super.demand(
          Invocable.from(
              Invocable.getInvocationType(callback),
              () -> {
                waiting = false;
                waitedNanos += pacer.nanos() - startedNanos;
                callback.run();
              }));
    }

    private void boundRest(long nanos) {
      long boundNanos = pacer.nanos() + nanos;
      if (!bounded || boundNanos - lastNanos < 0) {
        bounded = true;
        lastNanos = boundNanos;
      }
    }

    private boolean isOverdue(long nowNanos) {
      return waiting && nowNanos - dueNanos > 0;
    }
  }

  /// The response as the handlers see it, and the callback of the write under way.
  private final class PacedResponse extends Response.Wrapper implements Callback {
    private volatile @Nullable Callback writer;
    private volatile long dueNanos;

    private PacedResponse(Request request, Response wrapped) {
      super(request, wrapped);
    }

    @Override
    public void write(boolean last, @Nullable ByteBuffer content, Callback callback) {
      if (writer != null) {
        super.write(last, content, callback); // Which Jetty refuses, since a write is under way.
        return;
      }
      int length = content == null ? 0 : content.remaining();
      dueNanos = pacer.nanos() + idleNanos + nanosFor(length);
      writer = callback;
      super.write(last, content, this);
      if (writer != null) {
        waits();
      }
    }

    @Override
    public void succeeded() {
      Callback told = writer;
      writer = null;
      if (told != null) {
        told.succeeded();
      }
    }

    @Override
    public void failed(Throwable cause) {
      Callback told = writer;
      writer = null;
      if (told != null) {
        told.failed(cause);
      }
    }

    @Override
    public InvocationType getInvocationType() {
      Callback asked = writer;
      return asked == null ? InvocationType.NON_BLOCKING : asked.getInvocationType();
    }

    private boolean isOverdue(long nowNanos) {
      return writer != null && nowNanos - dueNanos > 0;
    }
  }
}
