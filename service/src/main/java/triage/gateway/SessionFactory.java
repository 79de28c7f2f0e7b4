package triage.gateway;

import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.jspecify.annotations.Nullable;

/// Makes the HTTP/2 connections of callers that begin with it, in the clear. Who offers to upgrade
/// to it is answered over HTTP/1.1, as a server may (decision 0030).
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

  /// Gives a connection to who knew beforehand that HTTP/2 is spoken here (RFC 9113, section 3.3),
  /// and null to who asks for an upgrade (RFC 7540, section 3.2).
  @Override
  public @Nullable Connection upgradeConnection(
      Connector connector, EndPoint endPoint, MetaData.Request head, HttpFields.Mutable answer) {
    return HttpMethod.PRI.is(head.getMethod())
        ? super.upgradeConnection(connector, endPoint, head, answer)
        : null;
  }

  @Override
  public Connection newConnection(Connector connector, EndPoint endPoint) {
    return SessionPace.watched(super.newConnection(connector, endPoint), pacer);
  }
}
