package triage.gateway;

import com.fasterxml.jackson.annotation.JsonTypeName;
import io.dropwizard.jetty.HttpConnectorFactory;
import io.dropwizard.util.DataSize;
import io.dropwizard.util.Duration;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.Scheduler;
import org.eclipse.jetty.util.thread.ThreadPool;
import org.jspecify.annotations.Nullable;
import triage.backend.HttpEndPoint;
import triage.backend.HttpSelector;

/// Dropwizard's plain HTTP connector with connections that notice a caller that hangs up, and with
/// HTTP/2 on the same port, in the clear or on TLS: `type: triage` in the settings, with the keys
/// of `type: http`.
@JsonTypeName("triage")
public final class TriageConnectorFactory extends HttpConnectorFactory {
  private Pacer pacer = Pacer.idle();
  private @Nullable ByteBufferPool buffers;
  private @Nullable HttpConfiguration http;
  private @Nullable ServerCertificate certificate;
  private ConnectionLimits limits = new ConnectionLimits(ConnectionSettings.DEFAULTS);

  /// Makes a factory of connectors that have no address yet.
  public TriageConnectorFactory() {
    setMaxBufferPoolSize(DataSize.bytes(Body.FIRST_BYTES_MAX));
  }

  /// Sets who looks at the pace of callers, and how many connections there may be; must be called
  /// before [#build].
  public void guard(Pacer look, ConnectionLimits most) {
    pacer = look;
    limits = most;
    setMaxRequestHeaderSize(DataSize.bytes(look.connections().headerBytesMax()));
    setIdleTimeout(Duration.milliseconds(look.endPointIdleMillis()));
  }

  /// Has the port speak TLS, and nothing in the clear; must be called before [#build].
  public void secure(ServerCertificate shown) {
    certificate = shown;
  }

  /// Sets the pool of buffers, in place of Dropwizard's; must be called before [#build].
  public void buffers(ByteBufferPool pool) {
    buffers = pool;
  }

  @Override
  protected ByteBufferPool buildBufferPool() {
    return buffers == null ? super.buildBufferPool() : buffers;
  }

  @Override
  protected ServerConnector buildConnector(
      Server server,
      Scheduler scheduler,
      ByteBufferPool pool,
      String name,
      @Nullable ThreadPool threads,
      ConnectionFactory... factories) {
    HttpConfiguration configuration = Objects.requireNonNull(http);
    ServerCertificate shown = certificate;
    if (shown != null) {
      ConnectionFactory[] secure = HandshakeFactory.all(shown, pacer, factories[0], configuration);
      return connector(
          super.buildConnector(server, scheduler, pool, name, threads, secure), threads);
    }
    ServerConnector connector =
        connector(super.buildConnector(server, scheduler, pool, name, threads, factories), threads);
    // In a connection factory of Dropwizard's that measures, ours cannot be found any more.
    connector.addConnectionFactory(new SessionFactory(configuration, pacer));
    return connector;
  }

  /// Makes a connector after Dropwizard's, whose sockets are [HttpEndPoint]s.
  private ServerConnector connector(ServerConnector like, @Nullable ThreadPool threads) {
    ServerConnector connector =
        new ServerConnector(
            like.getServer(),
            threads,
            like.getScheduler(),
            like.getByteBufferPool(),
            like.getAcceptors(),
            like.getSelectorManager().getSelectorCount(),
            like.getConnectionFactories().toArray(ConnectionFactory[]::new)) {
          @Override
          protected SelectorManager newSelectorManager(
              Executor executor, Scheduler scheduler, int selectors) {
            return new ServerConnectorManager(executor, scheduler, selectors) {
              @Override
              protected ManagedSelector newSelector(int id) {
                return new HttpSelector(this, id);
              }
            };
          }

          @Override
          protected SocketChannelEndPoint newEndPoint(
              SocketChannel channel, ManagedSelector selector, SelectionKey key) {
            HttpEndPoint socket = new HttpEndPoint(channel, selector, key, getScheduler());
            socket.setIdleTimeout(getIdleTimeout());
            return socket;
          }
        };
    connector.setPort(like.getPort());
    connector.setHost(like.getHost());
    connector.setInheritChannel(like.isInheritChannel());
    connector.setAcceptQueueSize(like.getAcceptQueueSize());
    connector.setReuseAddress(like.getReuseAddress());
    connector.setIdleTimeout(like.getIdleTimeout());
    connector.setName(like.getName());
    connector.addBean(limits);
    return connector;
  }

  @Override
  protected HttpConnectionFactory buildHttpConnectionFactory(HttpConfiguration configuration) {
    // What Dropwizard makes of its settings, in our kind of connection.
    HttpConfiguration made = super.buildHttpConnectionFactory(configuration).getHttpConfiguration();
    http = made;
    return new HangupConnectionFactory(made, pacer);
  }
}
