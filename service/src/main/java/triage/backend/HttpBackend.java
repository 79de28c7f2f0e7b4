package triage.backend;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.DoubleConsumer;
import org.eclipse.jetty.client.CompletableResponseListener;
import org.eclipse.jetty.client.ContentResponse;
import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.client.Origin;
import org.eclipse.jetty.client.Request;
import org.eclipse.jetty.client.Response;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.PreEncodedHttpField;
import org.eclipse.jetty.io.Content;
import org.jspecify.annotations.Nullable;

/// A model server that speaks the Open Inference Protocol over HTTP.
///
/// It makes requests and knows its breaker; who streams through it is the gateway's business.
///
/// **Threads**: safe for use by several threads.
public final class HttpBackend implements Backend {
  private static final int FETCH_BYTES_MAX = 1 << 20;

  /// Of load reports as Envoy and gRPC define them (ORCA), and as vLLM and Triton give them.
  private static final String LOAD = "endpoint-load-metrics";

  private static final String LOAD_FORMAT = "endpoint-load-metrics-format";

  private final String name;
  private final URI url;
  private final HttpClient client;
  private final BackendBreaker breaker;
  private final BackendRest rest;
  private final @Nullable Credentials credentials;
  private final @Nullable DoubleConsumer load;
  private final LongAdder attempts = new LongAdder();
  private final String root;
  private final HttpField host;
  private volatile @Nullable Target lastTarget;

  /// Makes the server; nothing is asked yet.
  ///
  /// @param load is told how much of it is in use, from 0 to 1; null: it is not asked for that
  HttpBackend(
      String name,
      URI url,
      HttpClient client,
      BackendBreaker breaker,
      BackendRest rest,
      @Nullable Credentials credentials,
      @Nullable DoubleConsumer load) {
    this.load = load;
    this.credentials = credentials;
    this.name = name;
    this.url = url;
    this.client = client;
    this.breaker = breaker;
    this.rest = rest;
    String base = url.toString();
    this.root = base.endsWith("/") ? base.substring(0, base.length() - 1) : base;
    this.host = host(url);
  }

  /// Gives the `Host` of all requests, which the client would make anew for each.
  private static HttpField host(URI url) {
    int port = HttpClient.normalizePort(url.getScheme(), url.getPort());
    URI origin = URI.create(new Origin(url.getScheme(), url.getHost(), port).asString());
    return new PreEncodedHttpField(HttpHeader.HOST, origin.getRawAuthority());
  }

  @Override
  public String name() {
    return name;
  }

  /// Gives the breaker, for who begins and ends exchanges.
  public BackendBreaker breaker() {
    return breaker;
  }

  /// Gives the rest that it takes when it has too much to do.
  public BackendRest rest() {
    return rest;
  }

  /// Counts a request that is sent to it.
  public void attempted() {
    attempts.increment();
  }

  /// Gives how many requests were sent to it.
  public long attempts() {
    return attempts.sum();
  }

  /// Makes a request to this server, for what its gate has admitted.
  ///
  /// @param path below the server's URL, beginning with `/`
  public Request request(HttpMethod method, String path) {
    return request(method, path, Purpose.INFERENCE);
  }

  /// Makes a request that asks this server whether it is ready.
  ///
  /// @param path below the server's URL, beginning with `/`
  Request probe(String path) {
    return request(HttpMethod.GET, path, Purpose.PROBE);
  }

  private Request request(HttpMethod method, String path, Purpose purpose) {
    Request request = client.newRequest(target(path)).method(method).tag(new Pool(name, purpose));
    return request.headers(headers -> {
      headers.put(host);
      authorize(headers);
    });
  }

  /// Gives the address of a path. Nearly all requests have the same one.
  private URI target(String path) {
    Target known = lastTarget;
    if (known != null && known.path.equals(path)) {
      return known.address;
    }
    Target made = new Target(path, URI.create(root + path));
    // A query may hold what is a caller's own, and is not kept.
    if (path.indexOf('?') < 0) {
      lastTarget = made;
    }
    return made.address;
  }

  /// Gives what keeps one of its answers from having the thread that selects for itself.
  public SelectorTurn turn() {
    return new SelectorTurn(client.getExecutor());
  }

  /// Sends a request to this server, and keeps its answer whole.
  ///
  /// @param bytesMax the size of the largest body that is kept; a larger one fails the answer
  /// @param progressed runs with each part of the body; must not block
  public CompletableFuture<ContentResponse> whole(
      Request request, int bytesMax, Runnable progressed) {
    return new WholeAnswer(request, bytesMax, turn(), progressed).send();
  }

  /// Puts what this server wants to see into a request, in place of what may stand there. To be
  /// done last where headers of others are copied.
  public void authorize(HttpFields.Mutable headers) {
    Credentials shown = credentials;
    if (shown != null) {
      headers.put(shown.header(), shown.value());
    }
    if (load != null) {
      headers.put(LOAD_FORMAT, "TEXT");
    }
  }

  /// Reads what the server says of its load with an answer, where it was asked for that.
  public void heard(HttpFields answer) {
    DoubleConsumer told = load;
    String report = told == null ? null : answer.get(LOAD);
    if (told != null && report != null) {
      LoadReport.utilization(report).ifPresent(told);
    }
  }

  /// Takes out of what a caller gets what only Triage had asked for.
  public void conceal(HttpFields.Mutable headers) {
    if (load != null) {
      headers.remove(LOAD);
    }
  }

  /// Gives the server's address, without a secret.
  public URI url() {
    return url;
  }

  /// Reads the secret again that this server wants to see, if there is one.
  void refreshCredentials() {
    if (credentials != null) {
      credentials.refresh();
    }
  }

  /// Asks this server for something small, such as a model's metadata, and waits for it.
  ///
  /// @param path below the server's URL, beginning with `/`
  /// @throws IOException if it does not answer in time, or with more than 1 MiB
  public ContentResponse fetch(String path, Duration timeout) throws IOException {
    Request request = request(HttpMethod.GET, path, Purpose.METADATA);
    CompletableFuture<ContentResponse> answer = whole(request, FETCH_BYTES_MAX, () -> {});
    try {
      return answer.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException | TimeoutException e) {
      answer.cancel(true);
      throw new IOException(name + " does not answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /// What a connection is for. What no gate has admitted takes none of those that it counts on.
  private enum Purpose {
    INFERENCE,
    METADATA,
    PROBE
  }

  /// By what the client tells pools of connections apart, beside the address: no backend takes
  /// connections of another at the same server, such as another model's, nor do its own inferences
  /// keep it from being asked whether it is ready.
  private record Pool(String backend, Purpose purpose) {}

  /// A path, and where it is.
  private record Target(String path, URI address) {}

  /// Does nothing: the connections belong to the shared client.
  @Override
  public void close() {}

  /// An answer of which each part is kept, on the thread that selects or beside it.
  private static final class WholeAnswer extends CompletableResponseListener {
    private final SelectorTurn turn;
    private final Runnable progressed;

    private WholeAnswer(Request request, int bytesMax, SelectorTurn turn, Runnable progressed) {
      super(request, bytesMax);
      this.turn = turn;
      this.progressed = progressed;
    }

    @Override
    public void onContent(Response response, Content.Chunk chunk, Runnable demander)
        throws Exception {
      progressed.run();
      int bytes = chunk.remaining();
      super.onContent(response, chunk, () -> turn.next(bytes, demander));
    }
  }
}
