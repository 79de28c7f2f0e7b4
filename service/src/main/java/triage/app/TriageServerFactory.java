package triage.app;

import io.dropwizard.core.server.DefaultServerFactory;
import io.dropwizard.core.setup.Environment;
import io.dropwizard.jetty.GzipHandlerFactory;
import io.dropwizard.jetty.HttpConnectorFactory;
import io.dropwizard.request.logging.LogbackAccessRequestLogFactory;
import io.dropwizard.util.DataSize;
import io.dropwizard.util.Duration;
import java.util.List;
import java.util.Objects;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Server;
import org.jspecify.annotations.Nullable;
import triage.gateway.ConnectionLimits;
import triage.gateway.ErrorHandler;
import triage.gateway.FrontDoor;
import triage.gateway.GatewayHandler;
import triage.gateway.Pacer;
import triage.gateway.ServerCertificate;
import triage.gateway.TriageConnectorFactory;

/// Dropwizard's server with the front door as its first handler and the gateway behind it.
///
/// The tree is: front door, graceful shutdown, gateway, then Dropwizard's own (admin servlets on
/// the admin port). Compression and the request log are off: the first would buffer streams, the
/// second doubles the cost of a refusal; requests are audited.
///
/// **Threads**: used on the main thread before the server listens.
final class TriageServerFactory extends DefaultServerFactory {
  /// Far above any admission limit, so that the gates are the only queue.
  private static final int THREADS_MAX = 1_000_000;

  /// For the request line and all headers: room for a token of 8 KiB beside others.
  private static final DataSize HEADERS_MAX = DataSize.kibibytes(16);

  private final TriageConnectorFactory callers = new TriageConnectorFactory();
  private @Nullable FrontDoor door;
  private @Nullable GatewayHandler gateway;

  TriageServerFactory(ServerSettings settings) {
    setApplicationConnectors(List.of(connector(callers, settings.host(), settings.port())));
    setAdminConnectors(
        List.of(connector(new HttpConnectorFactory(), settings.adminHost(), settings.adminPort())));
    setEnableVirtualThreads(true);
    setEnableAdminVirtualThreads(true);
    setMaxThreads(THREADS_MAX);
    setShutdownGracePeriod(Duration.seconds(5));
    GzipHandlerFactory gzip = new GzipHandlerFactory();
    gzip.setEnabled(false);
    setGzipFilterFactory(gzip);
    LogbackAccessRequestLogFactory silent = new LogbackAccessRequestLogFactory();
    silent.setAppenders(List.of());
    setRequestLogFactory(silent);
    // What resources throw is told as a problem, by the gateway's own mapper.
    setRegisterDefaultExceptionMappers(false);
  }

  private static HttpConnectorFactory connector(
      HttpConnectorFactory connector, String host, int port) {
    connector.setBindHost(host);
    connector.setPort(port);
    connector.setMaxRequestHeaderSize(HEADERS_MAX);
    connector.setUseDateHeader(true);
    connector.setUseServerHeader(false);
    return connector;
  }

  /// Puts the handlers in place; must be called before [#build].
  ///
  /// @param pacer looks at the pace of callers
  /// @param limits how many connections there may be
  void serve(
      FrontDoor frontDoor, GatewayHandler gatewayHandler, Pacer pacer, ConnectionLimits limits) {
    callers.guard(pacer, limits);
    this.door = frontDoor;
    this.gateway = gatewayHandler;
  }

  /// Has the callers' port speak TLS; must be called before [#build].
  void secure(ServerCertificate certificate) {
    callers.secure(certificate);
  }

  /// Sets the pool of buffers at the callers' port; must be called before [#build].
  void buffers(ByteBufferPool pool) {
    callers.buffers(pool);
  }

  @Override
  public Server build(Environment environment) {
    Server server = super.build(environment);
    Handler.Singleton graceful = (Handler.Singleton) Objects.requireNonNull(server.getHandler());
    graceful.insertHandler(Objects.requireNonNull(gateway));
    server.insertHandler(Objects.requireNonNull(door));
    server.setErrorHandler(new ErrorHandler());
    return server;
  }

  @Override
  protected void printBanner(String name) {
    // The start says where Triage listens; a banner would only push that up.
  }
}
