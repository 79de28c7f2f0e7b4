package triage.gateway;

import java.util.concurrent.atomic.AtomicReference;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/// A look-out for the caller of one request while nobody reads from or writes to it: it runs a
/// callback once when the caller hangs up, so that a place in the queue, a permit or a call to a
/// backend can be given back.
///
/// It begins when the body has been read to its end, or, of a body that is read later, before: then
/// whoever reads the last of it says so ([#bodyRead]). It ends with [#close()], with the response,
/// or when the caller is gone, whichever comes first: exactly one of "closed" and "gone" happens.
///
/// **What counts as gone**: on HTTP/1, the caller's end of stream (FIN), a reset (RST), or a closed
/// connection. A caller that shuts down only its sending side is gone too: TCP cannot tell it from
/// one that left, and no client library of note does that. On other protocols, what Jetty reports
/// as a failure of the request: a reset stream, a lost connection; also while its body is unread.
///
/// **What stays unseen**: a caller that vanishes without a packet (a pulled cable), until a write
/// to it fails; and on HTTP/1 one that hangs up behind bytes that nobody reads yet, which stand
/// before its end of stream: the rest of its body, or a request sent ahead of this answer
/// (pipelining). Who reads the body finds its end. With a pending write, a failure reaches the
/// callback of that write instead.
///
/// **Idle time**: from the beginning of a watch the connector's idle timeout no longer fails the
/// request: how long a caller may wait is for its deadline to say. A write that waits for a slow
/// reader still times out, and so does the connection once it is idle between two requests.
///
/// **Threads**: safe for use by several threads. The callback runs on one of Jetty's threads, most
/// often the one that selects: it must not block.
final class CallerWatch {
  private final Runnable onGone;
  private final @Nullable HangupConnection connection;
  private final @Nullable Object exchange;
  private final AtomicReference<Stage> stage = new AtomicReference<>(Stage.OPEN);

  private enum Stage {
    OPEN,
    CLOSED,
    GONE
  }

  /// Makes an open watch.
  ///
  /// @param connection the caller's, if it speaks HTTP/1
  /// @param exchange the one in hand there; `null` where that is over
  CallerWatch(Runnable onGone, @Nullable HangupConnection connection, @Nullable Object exchange) {
    this.onGone = onGone;
    this.connection = connection;
    this.exchange = exchange;
  }

  /// Watches the caller of `request`, whose body has been read to its end, and runs `onGone` at
  /// most once; before this method returns if the caller is already gone. Gives a closed watch when
  /// the response has been completed meanwhile.
  ///
  /// @throws IllegalStateException if the body is unread, or the request is being watched already
  static CallerWatch of(Request request, Runnable onGone) {
    CallerWatch watch = ahead(request, onGone);
    if (watch.connection != null) {
      watch.bodyRead(request);
    } else if (watch.stage.get() == Stage.OPEN) {
      watch.notice(request);
    }
    return watch;
  }

  /// Watches the caller of `request`, whose body is still to be read: on HTTP/1 from its end on,
  /// once [#bodyRead] tells of it, since a hang-up before fails whoever reads. Gives a closed
  /// watch when the response has been completed meanwhile.
  static CallerWatch ahead(Request request, Runnable onGone) {
    Connection connection = request.getConnectionMetaData().getConnection();
    HangupConnection dialect1 = connection instanceof HangupConnection hangup ? hangup : null;
    // Taken before the listeners are added: they are refused once the request is over, so that this
    // is known to be the request's own exchange and not the next one on the connection.
    Object exchange = dialect1 == null ? null : dialect1.exchange();
    CallerWatch watch = new CallerWatch(onGone, dialect1, exchange);
    watch.listen(() -> {
      request.addIdleTimeoutListener(timeout -> false);
      if (dialect1 == null) {
        // On HTTP/1 it would run, too, when the body ends early, which is for its reader to tell.
        request.addFailureListener(failure -> watch.gone());
      }
    });
    return watch;
  }

  /// Tells that the body of the watched request has been read to its end. Does nothing to a watch
  /// that has ended.
  ///
  /// @throws IllegalStateException if the body is unread, or the request is being watched already
  void bodyRead(Request request) {
    if (connection == null || exchange == null || stage.get() != Stage.OPEN) {
      return;
    }
    listen(() -> request.addFailureListener(failure -> gone()));
    if (stage.get() != Stage.OPEN) {
      return;
    }
    connection.watch(exchange, this);
    if (stage.get() != Stage.OPEN) {
      connection.unwatch(this); // It ended meanwhile, and would stand in the way of another.
    }
  }

  /// Ends the watch and says whether the caller was still there: `true` means that the callback has
  /// not run and never will, `false` that it has run, runs or is about to. Asking again gives the
  /// same answer; after the response it is harmless.
  boolean close() {
    Stage before = stage.compareAndExchange(Stage.OPEN, Stage.CLOSED);
    if (before == Stage.OPEN && connection != null) {
      connection.unwatch(this);
    }
    return before != Stage.GONE;
  }

  /// Tells the watch that its caller is gone.
  void gone() {
    if (stage.compareAndSet(Stage.OPEN, Stage.GONE)) {
      onGone.run();
    }
  }

  private void listen(Runnable listening) {
    try {
      listening.run();
    } catch (IllegalStateException over) {
      close(); // Jetty's way to say that the response has been completed.
    }
  }

  /// A request that failed before the listener was added never calls it, but says so when read.
  private void notice(Request request) {
    Content.Chunk chunk = request.read();
    if (Content.Chunk.isFailure(chunk)) {
      gone();
    } else if (chunk == null || !chunk.isLast() || chunk.hasRemaining()) {
      if (chunk != null) {
        chunk.release();
      }
      throw new IllegalStateException(HangupConnection.BODY_UNREAD);
    }
  }
}
