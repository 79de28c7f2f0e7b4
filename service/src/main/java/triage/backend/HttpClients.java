package triage.backend;

import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.http.HttpCookieStore;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.io.ClientConnector;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.util.component.LifeCycle;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.jspecify.annotations.Nullable;

/// The HTTP clients through which model servers are called: one for all that share their settings
/// of connections and of TLS, on threads that all clients share. Those that are reached by TLS have
/// clients of their own, so that no handshake holds up an answer in the clear. Whoever shares a
/// client shares no connection: see [HttpBackend].
///
/// Nothing that listens to an answer may block: it runs on the thread that selects, where a thread
/// of its own would have to be woken for each part of an answer. Nor may an answer have that thread
/// for itself: see [SelectorTurn].
///
/// **Threads**: confined to the thread that starts the service; the clients are for any.
final class HttpClients implements AutoCloseable {
  private static final int QUEUED_MAX = 10_000;
  private static final int SELECTORS_MAX = 2;

  /// What the backends of one client have in common.
  private record Kind(ConnectionSettings connections, TlsSettings tls, boolean secure) {}

  private final Map<Kind, HttpClient> clients = new LinkedHashMap<>();
  private final Path folder;
  private final @Nullable ByteBufferPool buffers;
  private @Nullable QueuedThreadPool threads;

  /// Makes no client yet.
  ///
  /// @param folder where relative paths start
  /// @param buffers the pool of all clients' buffers; null: each has its own
  HttpClients(Path folder, @Nullable ByteBufferPool buffers) {
    this.folder = folder;
    this.buffers = buffers;
  }

  /// Gives the client for a backend: it relays, so it follows no redirect, decodes no body and
  /// answers no challenge.
  ///
  /// @param secure whether the backend is reached by TLS
  /// @throws IOException if its authorities cannot be read; the message is one line for operators
  HttpClient of(ConnectionSettings connections, TlsSettings tls, boolean secure)
      throws IOException {
    Kind kind = new Kind(connections, tls, secure);
    HttpClient known = clients.get(kind);
    if (known != null) {
      return known;
    }
    HttpClient client = client(kind);
    clients.put(kind, client);
    return client;
  }

  /// Gives how many threads select for one client. Handshakes of TLS run on them, too, so that
  /// there are two at least where there are any; and never more, since many clients share threads.
  static int selectors(boolean secure, int processors) {
    return secure ? SELECTORS_MAX : Math.clamp(processors / 2, 1, SELECTORS_MAX);
  }

  private HttpClient client(Kind kind) throws IOException {
    ConnectionSettings connections = kind.connections();
    Path caFile = kind.tls().caFile();
    ClientConnector connector = new Connector();
    SslContextFactory.Client ssl = new SslContextFactory.Client();
    if (caFile != null) {
      ssl.setTrustStore(authorities(folder.resolve(caFile)));
    }
    connector.setSslContextFactory(ssl);
    connector.setSelectors(selectors(kind.secure(), Runtime.getRuntime().availableProcessors()));
    HttpClient client = new HttpClient(new HttpTransport(connector));
    client.setName("backend");
    if (buffers != null) {
      client.setByteBufferPool(buffers);
    }
    client.setExecutor(threads());
    client.setFollowRedirects(false);
    client.setUserAgentField(null);
    // What a model server sets for one caller is nothing for the next.
    client.setHttpCookieStore(new HttpCookieStore.Empty());
    client.setDefaultRequestContentType(null);
    client.setConnectTimeout(connections.connectTimeout().toMillis());
    client.setMaxConnectionsPerDestination(connections.max());
    // A gate that only observes dispatches beyond the limit.
    client.setMaxRequestsQueuedPerDestination(QUEUED_MAX);
    // Of connections that nobody uses: see HttpTransport.
    client.setIdleTimeout(connections.idleTimeout().toMillis());
    try {
      client.start();
    } catch (Exception e) {
      throw new IllegalStateException("the HTTP client for backends does not start", e);
    }
    client.getContentDecoderFactories().clear();
    client.getProtocolHandlers().clear();
    return client;
  }

  private QueuedThreadPool threads() {
    QueuedThreadPool shared = threads;
    if (shared == null) {
      shared = new QueuedThreadPool();
      shared.setName("backend");
      shared.setDaemon(true);
      LifeCycle.start(shared);
      threads = shared;
    }
    return shared;
  }

  private static KeyStore authorities(Path file) throws IOException {
    List<X509Certificate> certificates = PemCertificates.read(file);
    try {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      int number = 0;
      for (X509Certificate certificate : certificates) {
        store.setCertificateEntry("authority-" + number++, certificate);
      }
      return store;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a key store in memory failed", e);
    }
  }

  @Override
  public void close() {
    clients.values().forEach(client -> LifeCycle.stop(client));
    if (threads != null) {
      LifeCycle.stop(threads);
    }
  }

  /// Has answers read by [HttpEndPoint].
  private static final class Connector extends ClientConnector {
    @Override
    protected SelectorManager newSelectorManager() {
      return new ClientSelectorManager(getExecutor(), getScheduler(), getSelectors()) {
        @Override
        protected ManagedSelector newSelector(int id) {
          return new HttpSelector(this, id);
        }
      };
    }

    @Override
    protected EndPoint newEndPoint(
        SelectableChannel channel, ManagedSelector selector, SelectionKey key) {
      return HttpEndPoint.ofModelServer((SocketChannel) channel, selector, key, getScheduler());
    }
  }
}
