package triage.gateway;

import org.eclipse.jetty.http2.HTTP2Connection;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;

/// Makes the HTTP/2 connections of callers that begin with it, or upgrade to it, in the clear.
///
/// A [CallerWatch] needs nothing of them: a stream that its caller resets, or whose connection
/// ends, fails its request. How many streams a connection may have, and how many frames that bring
/// nothing in a second, is Jetty's: 128 each.
final class SessionFactory extends HTTP2CServerConnectionFactory {
  private final Pacer pacer;

  /// Makes a factory of connections that follow `configuration`.
  ///
  /// @param pacer looks at their pace
  SessionFactory(HttpConfiguration configuration, Pacer pacer) {
    super(configuration);
    this.pacer = pacer;
    setConnectProtocolEnabled(false);
  }

  @Override
  public Connection newConnection(Connector connector, EndPoint endPoint) {
    Connection connection = super.newConnection(connector, endPoint);
    pacer.add(new SessionPace(pacer, (HTTP2Connection) connection));
    return connection;
  }
}
