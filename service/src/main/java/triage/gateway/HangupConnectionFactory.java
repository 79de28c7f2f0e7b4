package triage.gateway;

import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;

/// Makes the HTTP/1 connections whose callers a [CallerWatch] can watch. Takes the place of Jetty's
/// `HttpConnectionFactory` in a connector, in the clear or behind TLS.
final class HangupConnectionFactory extends HttpConnectionFactory {
  private final Pacer pacer;

  /// Makes a factory of connections that follow `configuration`, and at whose pace nobody looks.
  HangupConnectionFactory(HttpConfiguration configuration) {
    this(configuration, Pacer.idle());
  }

  /// Makes a factory of connections that follow `configuration`.
  ///
  /// @param pacer looks at their pace
  HangupConnectionFactory(HttpConfiguration configuration, Pacer pacer) {
    super(configuration);
    this.pacer = pacer;
  }

  @Override
  public Connection newConnection(Connector connector, EndPoint endPoint) {
    HangupConnection connection =
        new HangupConnection(getHttpConfiguration(), connector, endPoint, pacer);
    connection.setTransferEncodingChunkMaxLength(getTransferEncodingChunkMaxLength());
    return configure(connection, connector, endPoint);
  }
}
