package triage.gateway;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import jdk.net.ExtendedSocketOptions;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Invocable;
import org.jspecify.annotations.Nullable;

/// The body of an HTTP/1.1 request that has been answered before it was read: it is read and
/// dropped.
///
/// A caller that is still sending when its connection is closed finds it reset, and may lose the
/// answer. So a short body is read for the sake of the connection, which is kept; of a longer one
/// the answer says that the connection ends, and what comes of it is still read for a while, as
/// nginx does (its `lingering_close`), though not of a caller that waits for leave to send.
///
/// What is read is acknowledged at once. The kernel would wait some 40 ms for an answer to send the
/// acknowledgement with, but that has gone out before; and a caller that holds small packets back
/// (Nagle's algorithm, RFC 896) waits for it with its next request.
///
/// **Threads**: runs on Jetty's I/O threads, one at a time, and never blocks.
final class UnreadBody implements Invocable.Task {
  /// Beyond this a new connection costs less than reading on.
  private static final long SHORT_BYTES_MAX = 256 << 10;

  /// Beyond this, or after that time, who is still sending may find the connection reset.
  private static final long BYTES_MAX = 64 << 20;

  private static final long LINGER_NANOS = 30_000_000_000L;

  private final Request request;
  private final Callback callback;
  private long dropped;

  private UnreadBody(Request request, Callback callback) {
    this.request = request;
    this.callback = callback;
  }

  /// Sees to what may be left unread of a body before its answer is written, and gives the callback
  /// for that write. Does nothing where the body has been read, or under HTTP/2.
  ///
  /// Nobody else may read the body at the same time; where somebody does, the answer must say
  /// already that the connection ends.
  ///
  /// @param callback is completed when no more is read
  static Callback before(Request request, Response response, Callback callback) {
    HttpFields.Mutable headers = response.getHeaders();
    if (!isHttp1(request) || headers.contains(HttpHeader.CONNECTION, "close")) {
      return callback;
    }
    UnreadBody rest = new UnreadBody(request, callback);
    if (rest.drop() != null) {
      return callback;
    }
    boolean waits = waitsForLeave(request);
    if (waits || !isShort(request)) {
      // It would be taken for the next request: such a caller is told that the connection ends,
      // instead of finding out with its next request.
      end(request, response);
    }
    return waits ? callback : rest.afterwards();
  }

  /// Tells whether nothing is left unread that [#before] would have to see to; drops what has come.
  static boolean isRead(Request request) {
    return !isHttp1(request) || new UnreadBody(request, Callback.NOOP).drop() != null;
  }

  /// Gives the callback for an exchange whose answer somebody else writes, and who sees to it that
  /// the answer says whether the connection ends.
  static Callback after(Request request, Callback callback) {
    return isHttp1(request) && !waitsForLeave(request)
        ? new UnreadBody(request, callback).afterwards()
        : callback;
  }

  private Callback afterwards() {
    return Callback.from(InvocationType.NON_BLOCKING, this, callback::failed);
  }

  /// Has the answer say that the connection ends, where it is one of HTTP/1.1.
  static void end(Request request, Response response) {
    if (isHttp1(request)) {
      response.getHeaders().put(HttpHeader.CONNECTION, "close");
    }
  }

  /// Tells whether a request came over HTTP/1, where the next one follows its body.
  private static boolean isHttp1(Request request) {
    return request.getConnectionMetaData().getHttpVersion().getVersion() < 20;
  }

  /// Tells whether a request says that it has a body, and that this is short enough to be read for
  /// nothing.
  private static boolean isShort(Request request) {
    long length = request.getLength();
    return length > 0 && length <= SHORT_BYTES_MAX;
  }

  /// Tells whether a caller will not send now what it has not sent yet.
  private static boolean waitsForLeave(Request request) {
    return request.getHeaders().contains(HttpHeader.EXPECT);
  }

  /// Drops what has come, but no more at a time than others on this thread can wait for; gives the
  /// last chunk there is, or `null` if more is to come.
  private Content.@Nullable Chunk drop() {
    long enough = dropped + SHORT_BYTES_MAX;
    while (dropped <= enough) {
      Content.Chunk chunk = request.read();
      if (chunk == null || Content.Chunk.isFailure(chunk)) {
        return chunk;
      }
      dropped += chunk.remaining();
      chunk.release();
      if (chunk.isLast() || dropped > BYTES_MAX) {
        return Content.Chunk.EOF;
      }
    }
    return null;
  }

  private void acknowledge() {
    Object transport = request.getConnectionMetaData().getConnection().getEndPoint();
    while (transport instanceof EndPoint endPoint) { // That of TLS lies on the socket's.
      transport = endPoint.getTransport();
    }
    if (transport instanceof SocketChannel channel
        && channel.supportedOptions().contains(ExtendedSocketOptions.TCP_QUICKACK)) {
      try {
        channel.setOption(ExtendedSocketOptions.TCP_QUICKACK, true);
      } catch (IOException closed) {
        // Whoever reads next learns of it.
      }
    }
  }

  @Override
  public void run() {
    Content.Chunk end = drop();
    if (end == null || dropped > 0) {
      acknowledge();
    }
    if (end == null) {
      PacedExchange.boundRest(request, LINGER_NANOS);
      request.demand(this);
    } else if (Content.Chunk.isFailure(end)) {
      callback.failed(end.getFailure());
    } else {
      callback.succeeded();
    }
  }

  @Override
  public InvocationType getInvocationType() {
    return InvocationType.NON_BLOCKING;
  }
}
