package triage.gateway;

import javax.net.ssl.SSLEngine;
import org.eclipse.jetty.alpn.server.ALPNServerConnectionFactory;
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

  /// As ALPN has it, which looks at the case of letters (RFC 7301, section 6).
  private static final String HTTP_1_1 = "http/1.1";

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
    ALPNServerConnectionFactory choice =
        new ALPNServerConnectionFactory(sessions.getProtocol(), HTTP_1_1);
    choice.setDefaultProtocol(HTTP_1_1);
    return new ConnectionFactory[] {
      new HandshakeFactory(certificate, pacer), choice, sessions, http
    };
  }

  @Override
  protected SslConnection newSslConnection(
      Connector connector, EndPoint endPoint, SSLEngine engine) {
    AgreedConnection connection =
        new AgreedConnection(
            connector.getByteBufferPool(),
            connector.getExecutor(),
            getSslContextFactory(),
            endPoint,
            engine,
            isDirectBuffersForEncryption(),
            isDirectBuffersForDecryption());
    pacer.add(
        new HandshakePace(
            pacer, () -> !endPoint.isOpen() || hasProtocol(connection), endPoint::close));
    return connection;
  }

  /// Tells whether a protocol has begun. ALPN chooses one in the midst of the handshake.
  private static boolean hasProtocol(AgreedConnection connection) {
    if (!connection.isAgreed()) {
      return false;
    }
    Connection inner = connection.getSslEndPoint().getConnection();
    return inner != null && !(inner instanceof NegotiatingServerConnection);
  }
}
