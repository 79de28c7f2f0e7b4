package triage.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.component.Graceful;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import triage.admission.Criticality;
import triage.identity.Caller;
import triage.identity.IdentitySettings;
import triage.identity.Role;
import triage.identity.TokenIssuer;
import triage.identity.TokenSecret;
import triage.pressure.Pressure;
import triage.pressure.Sensor;
import triage.pressure.Signal;
import triage.store.PreparedStore;

/// The whole service in this process, on free ports and in a folder of its own.
final class RunningService implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String DATA = "data";

  private final ArrayByteBufferPool.Tracking buffers = new ArrayByteBufferPool.Tracking();
  private final TriageApplication application =
      new TriageApplication(
          new PrintStream(OutputStream.nullOutputStream(), false, UTF_8),
          clock -> Pressure.of(sensors(), clock),
          buffers);
  private final HttpClient client = HttpClient.newHttpClient();
  private final Path folder;
  private volatile double usage;
  private int halfReadAnswers;

  private RunningService(Path folder) {
    this.folder = folder;
  }

  /// Starts the service with an embedded store.
  ///
  /// @param folder where its settings file and its data are
  /// @param yaml what the settings file says beside ports and folders
  static RunningService start(Path folder, String yaml) throws Exception {
    return startServer(folder, null, yaml);
  }

  /// Starts the service.
  ///
  /// @param store what the settings file says under `store`
  static RunningService start(Path folder, String yaml, String store) throws Exception {
    return start(folder, "", yaml, store);
  }

  /// Starts the service with an embedded store.
  ///
  /// @param server what the settings file says under `server`, beside ports; `null`: nothing
  static RunningService startServer(Path folder, @Nullable String server, String yaml)
      throws Exception {
    PreparedStore.lay(folder.resolve(DATA));
    Path programs = Path.of("target", "postgresql").toAbsolutePath();
    String more = server == null ? "" : ", " + server;
    return start(folder, more, yaml, "{binaries: '" + programs + "'}");
  }

  private static RunningService start(Path folder, String server, String yaml, String store)
      throws Exception {
    RunningService service = new RunningService(folder);
    Path file = folder.resolve("config.yml");
    Files.writeString(
        file,
        """
        server: {port: 0, adminPort: 0, host: 127.0.0.1, drainNotice: 0s%s}
        data: %s
        store: %s
        logging: {level: WARN}
        """
                .formatted(server, folder.resolve(DATA), store)
            + yaml);
    service.application.serve(file);
    return service;
  }

  private Map<Signal, Sensor> sensors() {
    return Map.of(
        Signal.CPU_USAGE, _ -> OptionalDouble.of(usage()),
        Signal.ACCEPT_AGE, _ -> OptionalDouble.empty());
  }

  /// Says that one more answer of a model server is given up while a part of it waits for its
  /// caller: Jetty's client leaves that connection's buffer to the collector (its issue 12934).
  void leavesAnAnswerHalfRead() {
    halfReadAnswers++;
  }

  /// Makes the service believe that this share of its CPUs is used; 0 unless told otherwise: what
  /// else this machine does is no part of a test.
  void pretendUsage(double share) {
    usage = share;
  }

  private double usage() {
    return usage;
  }

  Path data() {
    return folder.resolve(DATA);
  }

  /// Gives the rows of a query on the service's own store.
  List<Map<String, Object>> rows(String query) {
    return application
        .store()
        .jdbi()
        .withHandle(handle -> handle.createQuery(query).mapToMap().list());
  }

  /// Gives the one number that a query on the service's own store gives.
  long count(String query) {
    return application
        .store()
        .jdbi()
        .withHandle(handle -> handle.createQuery(query).mapTo(Long.class).one());
  }

  /// Changes what is in the service's own store.
  int execute(String statement) {
    return application.store().jdbi().withHandle(handle -> handle.execute(statement));
  }

  /// Does something while a transaction of another's is under way that has a number.
  void submitWhileAnotherTransactionIsUnderWay(Action action) throws Exception {
    try (Handle handle = application.store().jdbi().open()) {
      handle.begin();
      handle.createQuery("SELECT pg_current_xact_id()::text").mapTo(String.class).one();
      action.run();
      handle.rollback();
    }
  }

  /// Does something while a transaction of another's holds the locks of a statement, which it then
  /// takes back.
  void whileLocked(String statement, Action action) throws Exception {
    try (Handle handle = application.store().jdbi().open()) {
      handle.begin();
      handle.execute("SET LOCAL idle_in_transaction_session_timeout = 0");
      handle.execute(statement);
      try {
        action.run();
      } finally {
        handle.rollback();
      }
    }
  }

  /// Gives the words that are told to all instances on a channel, from an action until one of them
  /// comes.
  Set<String> heard(String channel, String until, Action action) throws Exception {
    Set<String> words = new HashSet<>();
    try (Handle handle = application.store().jdbi().open()) {
      handle.execute("LISTEN " + channel);
      action.run();
      PGConnection connection = handle.getConnection().unwrap(PGConnection.class);
      await(
          until,
          () -> {
            words.addAll(notifications(connection));
            return words.contains(until);
          });
      handle.execute("UNLISTEN *");
    }
    return words;
  }

  private static List<String> notifications(PGConnection connection) {
    try {
      return Stream.of(connection.getNotifications(10))
          .flatMap(told -> Stream.of(told.getParameter().split(" ")))
          .toList();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Something done in between.
  @FunctionalInterface
  interface Action {
    void run() throws Exception;
  }

  URI api(String path) {
    return address("application", path);
  }

  URI admin(String path) {
    return address("admin", path);
  }

  private URI address(String name, String path) {
    return URI.create("http://127.0.0.1:" + port(name) + path);
  }

  int port(String name) {
    Server server = application.server();
    for (Connector connector : server.getConnectors()) {
      if (name.equals(connector.getName())) {
        return ((ServerConnector) connector).getLocalPort();
      }
    }
    throw new IllegalStateException("no connector " + name);
  }

  /// Gives a token that lasts an hour.
  String token(String caller, Criticality ceiling, Role... roles) {
    Instant expiry =
        Instant.ofEpochSecond(InstantSource.system().instant().getEpochSecond() + 3600);
    return token(new Caller(caller, ceiling, Caller.ALL_STUDIES, Set.of(roles), expiry));
  }

  String token() {
    return token("tester", Criticality.CRITICAL_PLUS, Role.REQUEST, Role.READ);
  }

  String token(Caller caller) {
    TokenSecret secret = TokenSecret.read(data().resolve("token.secret"));
    return new TokenIssuer(
            secret, IdentitySettings.defaults(), InstantSource.system(), new Random(1))
        .issue(caller);
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(api(path))
        .timeout(PATIENCE)
        .header("Authorization", "Bearer " + token());
  }

  HttpResponse<String> send(HttpRequest request) {
    try {
      return client.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// Sends a request and gives the answer's very bytes.
  HttpResponse<byte[]> exchange(HttpRequest request) throws IOException, InterruptedException {
    return client.send(request, HttpResponse.BodyHandlers.ofByteArray());
  }

  /// Sends a request and gives the answer as soon as its head is there.
  HttpResponse<InputStream> stream(HttpRequest request) throws IOException, InterruptedException {
    return client.send(request, HttpResponse.BodyHandlers.ofInputStream());
  }

  HttpResponse<String> get(String path) {
    return send(request(path).GET().build());
  }

  HttpResponse<String> post(String path, String body, String... headers) {
    HttpRequest.Builder request = request(path).POST(HttpRequest.BodyPublishers.ofString(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return send(request.build());
  }

  /// Has an operator take a backend out of rotation.
  void drain(String backend) {
    HttpRequest change =
        HttpRequest.newBuilder(admin("/tasks/rotation?target=" + backend + "&rotation=drained"))
            .header("Authorization", "Bearer " + token("olga", Criticality.CRITICAL, Role.OPERATE))
            .POST(HttpRequest.BodyPublishers.noBody())
            .build();
    HttpResponse<String> answer = send(change);
    if (answer.statusCode() != 200) {
      throw new AssertionError("not drained: " + answer.body());
    }
  }

  /// Gives the value of one line of the Prometheus metrics, or 0 if there is none.
  double metric(String line) {
    HttpResponse<String> answer = send(HttpRequest.newBuilder(admin("/metrics")).GET().build());
    return answer
        .body()
        .lines()
        .filter(text -> text.startsWith(line + " "))
        .mapToDouble(text -> Double.parseDouble(text.substring(line.length() + 1)))
        .findFirst()
        .orElse(0);
  }

  /// Waits until something holds that other threads or processes bring about.
  static void await(String what, BooleanSupplier holds) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!holds.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("not within " + PATIENCE + ": " + what);
      }
      LockSupport.parkNanos(5_000_000);
    }
  }

  @Override
  public void close() throws Exception {
    stop(application.server());
    client.close();
    await(
        "all buffers given back, of callers and of model servers: " + buffers.dumpLeaks(),
        () -> buffers.getLeaks().size() <= halfReadAnswers);
  }

  /// Stops a server; one that waits in vain for its connections tells which.
  private static void stop(Server server) throws Exception {
    for (Connector connector : server.getConnectors()) {
      // How long it waits for the next request on connections that are kept.
      ((ServerConnector) connector).setShutdownIdleTimeout(10);
    }
    try {
      server.stop();
    } catch (TimeoutException e) {
      StringBuilder left = new StringBuilder("did not stop in time; left:");
      for (Graceful waiting : server.getContainedBeans(Graceful.class)) {
        left.append("\n").append(waiting).append(" shutdown=").append(waiting.isShutdown());
      }
      for (Connector connector : server.getConnectors()) {
        connector.getConnectedEndPoints().forEach(end -> left.append("\n").append(end));
      }
      throw new AssertionError(left.toString(), e);
    }
  }
}
