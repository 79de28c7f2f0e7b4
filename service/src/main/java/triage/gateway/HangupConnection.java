package triage.gateway;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadPendingException;
import java.util.concurrent.Executor;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.AbstractEndPoint;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.TryExecutor;
import org.jspecify.annotations.Nullable;
import triage.backend.HttpEndPoint;

/// An HTTP/1 connection that can notice, while a request is being handled, that its caller has hung
/// up. Jetty's own looks at the socket again only when the response has been written.
///
/// An endpoint knows one read interest at a time. Here every interest, Jetty's own too, goes
/// through one [Interest]: it is registered at most once, and serves in turn
///
/// - *a borrower*: Jetty's callback, which asked for input in the ordinary way;
/// - *a watch*: the caller of the request in hand is waited upon;
/// - *nobody*: a watch was closed while the interest stood, or will begin soon. It is left in place
///   for the next borrower, so that a watch costs no round through the selector of its own.
///
/// For a request whose body has most likely come with its head, the interest is registered before
/// the thread that selects goes on: later that thread would have to be woken for it.
///
/// When the socket turns readable under a watch, up to [#PEEK_BYTES] are read: none means that the
/// caller is gone; some are the head of a pipelined request, kept aside until the response is
/// complete and then put where Jetty looks first. They cannot go there earlier, since the caller's
/// body may still be held in the same buffer. The rest stays in the socket, whose window slows the
/// caller down; the watch has then done what it can. So has one before which more of the caller's
/// input has been read already: whoever finds the interest standing then reads no more.
///
/// A response that completes during such a read waits for its end, so that Jetty never reads at the
/// same time; the reading thread then completes it.
///
/// **Threads**: the state is guarded by `lock`, which is never held while calling out. What Jetty
/// says about the threads of a connection holds for the rest.
final class HangupConnection extends HttpConnection {
  /// How much of a pipelined request is read ahead, in bytes.
  static final int PEEK_BYTES = 64;

  /// A body of up to so many bytes most likely comes with its head.
  private static final int SMALL_BODY_BYTES_MAX = 4 << 10;

  static final String BODY_UNREAD = "body: unread (expected: read to its end before a watch)";

  private final Interest interest = new Interest();
  private final Object lock = new Object();

  @GuardedBy("lock")
  private @Nullable Exchange exchange;

  @GuardedBy("lock")
  private boolean registered;

  @GuardedBy("lock")
  private @Nullable Callback borrower;

  @GuardedBy("lock")
  private @Nullable CallerWatch watch;

  @GuardedBy("lock")
  private boolean peeking;

  @GuardedBy("lock")
  private @Nullable ByteBuffer ahead;

  @GuardedBy("lock")
  private @Nullable Runnable completion;

  private volatile long aheadBytes;

  private final ConnectionPace pace;

  /// The target of the request that is being parsed; confined to the parsing thread.
  private String target = "/";

  @GuardedBy("lock")
  private boolean bodyIsSmall;

  private final Executor goingOn = new GoingOn();

  HangupConnection(
      HttpConfiguration configuration, Connector connector, EndPoint endPoint, Pacer pacer) {
    super(configuration, connector, endPoint);
    this.pace = new ConnectionPace(pacer, endPoint::close);
  }

  @Override
  public void onOpen() {
    pace.opened();
    super.onOpen();
  }

  @Override
  public void onClose(@Nullable Throwable cause) {
    pace.closed();
    super.onClose(cause);
  }

  @Override
  protected RequestHandler newRequestHandler() {
    return new Head();
  }

  @Override
  public void onFillable() {
    removeAttribute(FrontDoor.IN_PLACE);
    super.onFillable();
    standBy();
  }

  /// Gives whom Jetty has look for a next request, once an answer is complete that another thread
  /// gave than the one that read the request.
  @Override
  protected Executor getExecutor() {
    return goingOn;
  }

  private void standBy() {
    boolean register;
    synchronized (lock) {
      register = exchange != null && bodyIsSmall && borrower == null && ahead == null;
      register = register && !registered && !peeking;
      // It may have gone over to HTTP/2.
      register = register && equals(getEndPoint().getConnection());
      registered |= register;
    }
    if (register) {
      getEndPoint().fillInterested(interest);
      if (!getEndPoint().isOpen() && getEndPoint() instanceof AbstractEndPoint closed) {
        // Before the interest stood, which would then never hear of it, nor a watch that relies
        // on it.
        closed.getFillInterest().onFail(new ClosedChannelException());
      }
    }
  }

  /// Gives the identity of the exchange in hand, or null between two.
  @Nullable Object exchange() {
    synchronized (lock) {
      return exchange;
    }
  }

  /// Watches the caller of `watched` if that exchange is still in hand.
  ///
  /// @throws IllegalStateException if the body is unread, or the caller is being watched already
  void watch(Object watched, CallerWatch candidate) {
    boolean register;
    synchronized (lock) {
      if (exchange != watched) {
        return;
      }
      if (getParser().inContentState() && getParser().hasContent()) {
        throw new IllegalStateException(BODY_UNREAD);
      }
      if (watch != null) {
        throw new IllegalStateException("watch: open (expected: one at a time)");
      }
      watch = candidate;
      if (borrower != null || isInputInHand()) {
        return; // More input stands before a hang-up: it cannot be seen.
      }
      register = !registered && !peeking;
      registered |= register;
    }
    if (register) {
      getEndPoint().fillInterested(interest);
    }
    if (!getEndPoint().isOpen()) {
      callerGone(); // Closed before the interest stood, which would then never hear of it.
    }
  }

  /// Stops watching for `candidate`; what is registered stays for the next borrower.
  void unwatch(CallerWatch candidate) {
    synchronized (lock) {
      if (watch == candidate) {
        watch = null;
      }
    }
  }

  @Override
  public void fillInterested(Callback callback) {
    if (!lend(callback)) {
      throw new ReadPendingException();
    }
  }

  @Override
  public void tryFillInterested(Callback callback) {
    lend(callback);
  }

  /// Says whether Jetty itself waits for input; a watch does not count as an unfinished read.
  @Override
  public boolean isFillInterested() {
    synchronized (lock) {
      return borrower != null;
    }
  }

  @Override
  public long getBytesIn() {
    return super.getBytesIn() + aheadBytes;
  }

  /// Makes the stream of a request. For one whose target it cannot read, Jetty asks again with a
  /// target of its own, and gets the root of the dialect that was spoken to instead.
  @Override
  protected HttpStreamOverHTTP1 newHttpStream(String method, String uri, HttpVersion version) {
    boolean unreadable = method.equals("BAD");
    String given = unreadable ? Dialect.of(target).root() : uri;
    target = unreadable ? "/" : uri;
    Exchange next = new Exchange(method, given, version);
    synchronized (lock) {
      exchange = next;
    }
    return next;
  }

  private boolean lend(Callback callback) {
    Callback late = interest.lateBorrower(callback);
    boolean register;
    synchronized (lock) {
      if (borrower != null) {
        return false;
      }
      borrower = registered ? late : callback;
      register = !registered && !peeking;
      registered |= register;
    }
    if (register) {
      getEndPoint().fillInterested(interest);
    }
    return true;
  }

  private void callerGone() {
    CallerWatch left;
    synchronized (lock) {
      left = watch;
      watch = null;
    }
    if (left != null) {
      left.gone();
    }
  }

  /// Tells whether input that has been read waits for the end of the exchange in hand, whose body
  /// has been read to its end. A peek would then lose what an earlier one got, or find no room for
  /// what it gets itself behind a request that was pipelined with this one.
  @GuardedBy("lock")
  private boolean isInputInHand() {
    return ahead != null || !isRequestBufferEmpty();
  }

  private void peek() {
    ByteBuffer room = BufferUtil.allocate(PEEK_BYTES);
    int filled;
    try {
      filled = getEndPoint().fill(room);
    } catch (IOException reset) {
      filled = -1;
    }
    Runnable postponed;
    boolean again;
    synchronized (lock) {
      peeking = false;
      postponed = completion;
      completion = null;
      if (filled > 0) {
        ahead = room;
        aheadBytes += filled;
      }
      again = borrower != null || (filled == 0 && watch != null);
      registered = again;
    }
    if (again) {
      getEndPoint().fillInterested(interest);
    }
    if (filled < 0) {
      callerGone();
    }
    if (postponed != null) {
      postponed.run();
    }
  }

  /// Ends the exchange in hand: forgets its watch, gives Jetty what was read ahead, and lets Jetty
  /// go on.
  private void complete(Exchange ended, boolean reusable, Runnable proceed) {
    ByteBuffer input = null;
    boolean postponed;
    synchronized (lock) {
      if (exchange == ended) {
        exchange = null;
      }
      watch = null;
      postponed = peeking;
      if (postponed) {
        completion = () -> complete(ended, reusable, proceed);
      } else {
        input = ahead;
        ahead = null;
      }
    }
    if (postponed) {
      return;
    }
    if (input != null && reusable) {
      onUpgradeTo(input);
    }
    pace.ended(ended.group);
    if (getEndPoint() instanceof HttpEndPoint socket) {
      socket.rest();
    }
    proceed.run();
  }

  /// Runs the look for a next request in place where none has been read ahead: most often it finds
  /// nothing, and waking a thread for that cost a tenth of what a proxied request did. The front
  /// door, which gets what it finds, blocks nobody. Where no next request may come, other threads
  /// see to the end: the one that found a bad request may still have its buffer in hand.
  private final class GoingOn implements TryExecutor {
    private final Executor threads = HangupConnection.super.getExecutor();

    @Override
    public void execute(Runnable task) {
      if (isInPlace(task)) {
        task.run();
      } else {
        threads.execute(task);
      }
    }

    @Override
    public boolean tryExecute(Runnable task) {
      if (isInPlace(task)) {
        task.run();
        return true;
      }
      return threads instanceof TryExecutor trying && trying.tryExecute(task);
    }

    private boolean isInPlace(Runnable task) {
      return HangupConnection.this.equals(task)
          && interest.isFast()
          && isRequestBufferEmpty()
          && getParser().isStart();
    }
  }

  /// One request and its response, as the parser sees them; it tells when they are over.
  private final class Exchange extends HttpStreamOverHTTP1 {
    private final RouteGroup group;

    private Exchange(String method, String uri, HttpVersion version) {
      super(method, uri, version);
      group = RouteGroup.of(method, uri);
    }

    @Override
    public void succeeded() {
      complete(this, true, super::succeeded);
    }

    @Override
    public void failed(Throwable failure) {
      complete(this, false, () -> super.failed(failure));
    }
  }

  /// What the parser tells of the head of a request.
  private final class Head extends RequestHandler {
    @Override
    public void messageBegin() {
      // The parser also begins with nothing in hand, and waits then.
      if (!isRequestBufferEmpty()) {
        pace.begun();
      }
      super.messageBegin();
    }

    @Override
    public boolean headerComplete() {
      pace.headed();
      long length = getParser().hasContent() ? getParser().getContentLength() : 0;
      synchronized (lock) {
        bodyIsSmall = length >= 0 && length <= SMALL_BODY_BYTES_MAX;
      }
      return super.headerComplete();
    }
  }

  /// The one read interest that the endpoint ever sees from this connection.
  private final class Interest implements Callback {
    private final InvocationType own = getServer().getInvocationType();

    @Override
    public void succeeded() {
      Callback borrowed;
      synchronized (lock) {
        registered = false;
        borrowed = borrower;
        borrower = null;
        peeking = borrowed == null && watch != null && !isInputInHand();
        if (borrowed == null && !peeking) {
          return; // The input waits for whoever asks next.
        }
      }
      if (borrowed != null) {
        borrowed.succeeded();
      } else {
        peek();
      }
    }

    /// The connection is closed, or has been idle between two requests; never idle under a watch,
    /// since Jetty asks the request first and the watch refuses.
    @Override
    public void failed(Throwable failure) {
      Callback borrowed;
      synchronized (lock) {
        registered = false;
        borrowed = borrower;
        borrower = null;
      }
      if (borrowed != null) {
        borrowed.failed(failure);
      } else {
        callerGone();
      }
    }

    @Override
    public InvocationType getInvocationType() {
      Callback borrowed;
      synchronized (lock) {
        borrowed = borrower;
      }
      return borrowed == null ? own : borrowed.getInvocationType();
    }

    /// Tells whether what is done with a request, on the thread that reads it, blocks nobody.
    private boolean isFast() {
      return own == InvocationType.NON_BLOCKING;
    }

    /// Gives `callback` as an interest that stands already may serve it: the selector may have
    /// asked whether it blocks before there was a borrower.
    private Callback lateBorrower(Callback callback) {
      if (own == InvocationType.BLOCKING
          || callback.getInvocationType() != InvocationType.BLOCKING) {
        return callback;
      }
      return Callback.from(
          InvocationType.NON_BLOCKING,
          () -> getExecutor().execute(callback::succeeded),
          callback::failed);
    }
  }
}
