package triage.gateway;

import org.eclipse.jetty.http2.server.HTTP2ServerConnectionFactory;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;

/// Makes the HTTP/2 connections of callers that have chosen it on TLS, as [SessionFactory] does for
/// those in the clear, and with the same bounds.
final class SecureSessionFactory extends HTTP2ServerConnectionFactory {
  private final Pacer pacer;

  /// Makes a factory of connections that follow `configuration`.
  ///
  /// @param pacer looks at their pace
  SecureSessionFactory(HttpConfiguration configuration, Pacer pacer) {
    super(configuration);
    this.pacer = pacer;
    setConnectProtocolEnabled(false);
  }

  @Override
  public Connection newConnection(Connector connector, EndPoint endPoint) {
    return SessionPace.watched(super.newConnection(connector, endPoint), pacer);
  }
}
