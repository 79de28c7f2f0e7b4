package triage.backend;

import java.util.Map;
import org.eclipse.jetty.client.transport.HttpClientTransportOverHTTP;
import org.eclipse.jetty.client.transport.internal.HttpConnectionOverHTTP;
import org.eclipse.jetty.io.ClientConnector;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.thread.Invocable.InvocationType;

/// The way to model servers: HTTP/1.1 whose connections are idle only while no request is on them,
/// however long one takes.
///
/// Jetty has a request say so itself, and unsets and sets a timer for that with each.
///
/// **Threads**: what Jetty says about the threads of a connection holds.
final class HttpTransport extends HttpClientTransportOverHTTP {
  /// Makes the way, on which nothing that listens to an answer may block.
  HttpTransport(ClientConnector connector) {
    super(connector);
    setInvocationType(InvocationType.NON_BLOCKING);
  }

  @Override
  public Connection newConnection(EndPoint endPoint, Map<String, Object> context) {
    return customize(new PatientConnection(endPoint, context), context);
  }

  private static final class PatientConnection extends HttpConnectionOverHTTP {
    private PatientConnection(EndPoint endPoint, Map<String, Object> context) {
      super(endPoint, context);
    }

    /// Tells whether it has been idle and is closed for it. A request that begins meanwhile is
    /// safe: Jetty looks when the last one began, under the lock by which requests begin.
    @Override
    protected boolean onIdleTimeout(long idleTimeout) {
      return getHttpChannel().getHttpExchange() == null && super.onIdleTimeout(idleTimeout);
    }
  }
}
