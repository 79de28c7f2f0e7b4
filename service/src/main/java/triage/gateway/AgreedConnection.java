package triage.gateway;

import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.io.ssl.SslHandshakeListener;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/// A connection on TLS that knows when its handshake is over, and that ends where record after
/// record holds nothing ([EmptyRecords]).
///
/// **Threads**: as Jetty's own.
final class AgreedConnection extends SslConnection implements SslHandshakeListener {
  private volatile boolean agreed;
  private final EmptyRecords emptyRecords = new EmptyRecords();

  AgreedConnection(
      ByteBufferPool buffers,
      Executor executor,
      SslContextFactory contexts,
      EndPoint endPoint,
      SSLEngine engine,
      boolean directToCaller,
      boolean directFromCaller) {
    super(buffers, executor, contexts, endPoint, engine, directToCaller, directFromCaller);
    addHandshakeListener(this);
  }

  /// Tells whether the handshake is over.
  boolean isAgreed() {
    return agreed;
  }

  @Override
  public void handshakeSucceeded(Event event) {
    agreed = true;
  }

  @Override
  protected SSLEngineResult unwrap(SSLEngine engine, ByteBuffer in, ByteBuffer out)
      throws SSLException {
    SSLEngineResult result = super.unwrap(engine, in, out);
    if (agreed) {
      emptyRecords.note(result);
    }
    return result;
  }
}
