package triage.gateway;

import javax.net.ssl.SSLEngine;
import org.eclipse.jetty.alpn.server.ALPNServerConnectionFactory;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.NegotiatingServerConnection;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.SslConnectionFactory;

/// Makes the connections on which callers agree on TLS, and by ALPN on HTTP/2 or HTTP/1.1; who
/// knows no ALPN gets the latter.
final class HandshakeFactory extends SslConnectionFactory {
  private static final String ALPN = "alpn";

  private final Pacer pacer;

  private HandshakeFactory(ServerCertificate certificate, Pacer pacer) {
    super(certificate.contexts(), ALPN);
    this.pacer = pacer;
  }

  /// Gives all factories that a connector with TLS needs, the first one first.
  ///
  /// @param http makes the connections of HTTP/1.1, and may be one that measures them
  /// @param configuration what connections of both protocols follow
  static ConnectionFactory[] all(
      ServerCertificate certificate,
      Pacer pacer,
      ConnectionFactory http,
      HttpConfiguration configuration) {
    // Without the check whether a host is named in the certificate: that is for callers to say.
    configuration.addCustomizer(new SecureRequestCustomizer(false));
    SecureSessionFactory sessions = new SecureSessionFactory(configuration, pacer);
    String fallback = HttpVersion.HTTP_1_1.asString();
    ALPNServerConnectionFactory choice =
        new ALPNServerConnectionFactory(sessions.getProtocol(), fallback);
    choice.setDefaultProtocol(fallback);
    return new ConnectionFactory[] {
      new HandshakeFactory(certificate, pacer), choice, sessions, http
    };
  }

  @Override
  protected SslConnection newSslConnection(
      Connector connector, EndPoint endPoint, SSLEngine engine) {
    SslConnection connection = super.newSslConnection(connector, endPoint, engine);
    pacer.add(
        new HandshakePace(
            pacer, () -> !endPoint.isOpen() || hasProtocol(connection), endPoint::close));
    return connection;
  }

  private static boolean hasProtocol(SslConnection connection) {
    Connection inner = connection.getSslEndPoint().getConnection();
    return inner != null && !(inner instanceof NegotiatingServerConnection);
  }
}
