package triage.gateway;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import jdk.net.ExtendedSocketOptions;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Invocable;
import org.jspecify.annotations.Nullable;

/// The body of an HTTP/1.1 request that has been answered before it was read: it is read and
/// dropped, so that its caller keeps the connection.
///
/// Without that the connection would have to end, since the rest of the body would be taken for the
/// next request; and a caller that is still sending would find it reset and lose the answer.
///
/// What is read is acknowledged at once. The kernel would wait some 40 ms for an answer to send the
/// acknowledgement with, but that has gone out before; and a caller that holds small packets back
/// (Nagle's algorithm, RFC 896) waits for it with its next request.
///
/// **Threads**: runs on Jetty's I/O threads, one at a time, and never blocks.
final class UnreadBody implements Invocable.Task {
  /// Beyond this a new connection costs less than reading on.
  static final long BYTES_MAX = 256 << 10;

  private final Request request;
  private final Callback callback;

  /// Takes on the rest of a body.
  ///
  /// @param callback is completed when the body has been read to its end
  UnreadBody(Request request, Callback callback) {
    this.request = request;
    this.callback = callback;
  }

  /// Sees to what may be left unread of a body before its answer is written, and gives the callback
  /// for that write: a short body is read once the answer is out; of a longer one the answer says
  /// that the connection ends. Does nothing where the body has been read, or under HTTP/2.
  ///
  /// Nobody else may read the body at the same time; where somebody does, the answer must say
  /// already that the connection ends.
  static Callback before(Request request, Response response, Callback callback) {
    HttpFields.Mutable headers = response.getHeaders();
    if (!isHttp1(request) || headers.contains(HttpHeader.CONNECTION, "close")) {
      return callback;
    }
    if (isShort(request)) {
      UnreadBody rest = new UnreadBody(request, callback);
      return drop(request) == null
          ? Callback.from(InvocationType.NON_BLOCKING, rest, callback::failed)
          : callback;
    }
    // It would be taken for the next request: such a caller is told that the connection ends,
    // instead of finding out with its next request.
    if (!request.consumeAvailable()) {
      end(request, response);
    }
    return callback;
  }

  /// Has the answer say that the connection ends, where it is one of HTTP/1.1.
  static void end(Request request, Response response) {
    if (isHttp1(request)) {
      response.getHeaders().put(HttpHeader.CONNECTION, "close");
    }
  }

  /// Tells whether a request came over HTTP/1, where the next one follows its body.
  static boolean isHttp1(Request request) {
    return request.getConnectionMetaData().getHttpVersion().getVersion() < 20;
  }

  /// Tells whether a request says that it has a body, and that this is short enough to be read for
  /// nothing. A caller that waits for leave to send it will not send it now.
  static boolean isShort(Request request) {
    long length = request.getLength();
    return length > 0 && length <= BYTES_MAX && !request.getHeaders().contains(HttpHeader.EXPECT);
  }

  /// Drops what has come; gives the last chunk there is, or `null` if more is to come.
  static Content.@Nullable Chunk drop(Request request) {
    while (true) {
      Content.Chunk chunk = request.read();
      if (chunk == null || Content.Chunk.isFailure(chunk)) {
        return chunk;
      }
      chunk.release();
      if (chunk.isLast()) {
        return Content.Chunk.EOF;
      }
    }
  }

  private void acknowledge() {
    Object transport = request.getConnectionMetaData().getConnection().getEndPoint().getTransport();
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
    Content.Chunk end = drop(request);
    acknowledge();
    if (end == null) {
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
