package triage.gateway;

import org.eclipse.jetty.http2.ErrorCode;
import org.eclipse.jetty.http2.HTTP2Connection;
import org.eclipse.jetty.http2.HTTP2Session;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.util.Callback;

/// How long one HTTP/2 connection may be without a stream: until its first one as long as headers
/// may take, later as long as a connection is kept. Whatever else arrives meanwhile buys no time.
///
/// The streams themselves are exchanges, and looked after as such.
///
/// **Threads**: confined to the pacer's.
final class SessionPace implements Pacer.Paced {
  private final Pacer pacer;
  private final HTTP2Connection connection;
  private long streamsSeen;
  private long sinceNanos;
  private boolean toldToGo;

  /// Has a new connection of HTTP/2 looked after, and gives it.
  static Connection watched(Connection connection, Pacer pacer) {
    pacer.add(new SessionPace(pacer, (HTTP2Connection) connection));
    return connection;
  }

  private SessionPace(Pacer pacer, HTTP2Connection connection) {
    this.pacer = pacer;
    this.connection = connection;
    this.sinceNanos = pacer.nanos();
  }

  @Override
  public void check(long nowNanos) {
    HTTP2Session session = connection.getSession();
    if (!connection.getEndPoint().isOpen()) {
      pacer.remove(this);
      return;
    }
    long streams = session.getStreamsOpened();
    if (streams != streamsSeen || !session.getStreams().isEmpty()) {
      streamsSeen = streams;
      sinceNanos = nowNanos;
      return;
    }
    long mostNanos =
        streamsSeen == 0
            ? pacer.connections().headerTimeout().toNanos()
            : pacer.pace().keepAliveNanos();
    if (nowNanos - sinceNanos < mostNanos) {
      return;
    }
    sinceNanos = nowNanos;
    if (toldToGo) {
      pacer.end(connection.getEndPoint()::close);
    } else if (streamsSeen == 0) {
      toldToGo = true;
      pacer.giveUp(Slowness.HEADER, this::tellToGo);
    } else {
      toldToGo = true;
      pacer.end(this::tellToGo);
    }
  }

  private void tellToGo() {
    connection.getSession().close(ErrorCode.NO_ERROR.code, "idle", Callback.NOOP);
  }
}
