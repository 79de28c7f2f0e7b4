package triage.perf.live;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/// Runs a [SlotServer] from a command line, with a port to control it.
///
/// ```
/// --port N           (0: any free one), --control-port N (0)
/// --slots N          (8), --service-nanos N (20000000)
/// --spread SPREAD    (constant), exponential, lognormal with --variation CV (0.5)
/// --seed N           (1), --seconds-max N (600): it ends by itself after them
/// --certificate-file FILE, --key-file FILE
///                    what it shows on TLS, and the key to it, in PEM; in the clear without them
/// ```
///
/// Prints one JSON line with both ports. On the control port, `GET /` gives a JSON object of what
/// it does and has done; `POST /?slots=32&fault=error&fault-share=0.1` changes what is named, gives
/// the same object, and begins a new maximum of requests in flight. Faults: `none`, `hang`,
/// `error`, `refuse`, `reset` and `cut` (of a share of the answers), `slow` (the share says how
/// many times slower). `utilization` (0 to 1; -1: none) is what it reports of its load to who asks
/// for it.
///
/// **Threads**: the server's, one for the control port, and the one that waits for the end.
public final class SlotServerCommand {
  private static final Set<String> CONDUCT =
      Set.of(
          "slots", "service-nanos", "spread", "variation", "fault", "fault-share", "utilization");
  private static final Set<String> OPTIONS =
      Set.of(
          "port",
          "control-port",
          "slots",
          "service-nanos",
          "spread",
          "variation",
          "fault",
          "fault-share",
          "utilization",
          "certificate-file",
          "key-file",
          "seed",
          "seconds-max");
  private static final Conduct USUAL =
      new Conduct(8, 20_000_000, Conduct.Spread.CONSTANT, 0.5, Conduct.Fault.NONE, 0, -1);
  private static final long ANSWER_SECONDS = 5;
  private static final int USAGE = 2;

  private SlotServerCommand() {}

  /// Serves until it is ended, or its time is over.
  ///
  /// @throws IOException if a port is taken
  /// @throws InterruptedException if interrupted
  public static void main(String[] arguments) throws IOException, InterruptedException {
    SlotServer server;
    Options options;
    try {
      options = Options.ofArguments(arguments, OPTIONS);
      server =
          new SlotServer(
              options.count("port", 0),
              USUAL.with(options),
              options.whole("seed", 1),
              shown(options));
    } catch (IllegalArgumentException e) {
      System.err.println("slot-server: " + e.getMessage());
      System.exit(USAGE);
      return;
    }
    InetAddress loopback = InetAddress.getLoopbackAddress();
    HttpServer control =
        HttpServer.create(new InetSocketAddress(loopback, options.count("control-port", 0)), 16);
    control.createContext("/", exchange -> control(server, exchange));
    Thread serving = Thread.ofPlatform().name("slots").start(server);
    control.start();
    System.out.println(
        new JsonLine("slot-server")
            .put("port", server.port())
            .put("controlPort", control.getAddress().getPort()));
    serving.join(TimeUnit.SECONDS.toMillis(options.whole("seconds-max", 600)));
    System.exit(serving.isAlive() ? 0 : 1);
  }

  private static @Nullable SSLContext shown(Options options) throws IOException {
    String certificates = options.text("certificate-file", "");
    return certificates.isEmpty()
        ? null
        : SecureWire.showing(Path.of(certificates), Path.of(options.text("key-file", "")));
  }

  private static void control(SlotServer server, HttpExchange exchange) throws IOException {
    int status = 200;
    String text;
    try {
      text = answer(server, exchange);
    } catch (IllegalArgumentException e) {
      status = 400;
      text = new JsonLine("error").put("error", String.valueOf(e.getMessage())).toString();
    }
    byte[] body = (text + "\n").getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private static String answer(SlotServer server, HttpExchange exchange) throws IOException {
    String query = exchange.getRequestURI().getQuery();
    CompletableFuture<String> answer =
        exchange.getRequestMethod().equals("POST")
            ? server.change(Options.ofPairs(query == null ? "" : query, "&", CONDUCT))
            : server.ask();
    try {
      return answer.get(ANSWER_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new IllegalArgumentException(e.getCause().getMessage(), e);
    } catch (TimeoutException e) {
      throw new IOException("the model server does not answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
