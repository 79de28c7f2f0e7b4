package triage.gateway;

import com.fasterxml.jackson.annotation.JsonTypeName;
import io.dropwizard.jetty.HttpConnectorFactory;
import io.dropwizard.util.DataSize;
import io.dropwizard.util.Duration;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.Scheduler;
import org.eclipse.jetty.util.thread.ThreadPool;
import org.jspecify.annotations.Nullable;

/// Dropwizard's plain HTTP connector with connections that notice a caller that hangs up: `type:
/// triage` in the settings, with the keys of `type: http`.
@JsonTypeName("triage")
public final class TriageConnectorFactory extends HttpConnectorFactory {
  private Pacer pacer = Pacer.idle();
  private ConnectionLimits limits = new ConnectionLimits(ConnectionSettings.DEFAULTS);

  /// Sets who looks at the pace of callers, and how many connections there may be; must be called
  /// before [#build].
  public void guard(Pacer look, ConnectionLimits most) {
    pacer = look;
    limits = most;
    setMaxRequestHeaderSize(DataSize.bytes(look.connections().headerBytesMax()));
    setIdleTimeout(Duration.milliseconds(look.endPointIdleMillis()));
  }

  @Override
  protected ServerConnector buildConnector(
      Server server,
      Scheduler scheduler,
      ByteBufferPool buffers,
      String name,
      @Nullable ThreadPool threads,
      ConnectionFactory... factories) {
    ServerConnector connector =
        super.buildConnector(server, scheduler, buffers, name, threads, factories);
    connector.addBean(limits);
    return connector;
  }

  @Override
  protected HttpConnectionFactory buildHttpConnectionFactory(HttpConfiguration configuration) {
    // What Dropwizard makes of its settings, in our kind of connection.
    return new HangupConnectionFactory(
        super.buildHttpConnectionFactory(configuration).getHttpConfiguration(), pacer);
  }
}
