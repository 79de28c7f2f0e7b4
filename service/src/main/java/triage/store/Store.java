package triage.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.time.MonotonicClock;

/// The store: PostgreSQL, embedded or external, its schema up to date, with a pool of connections
/// and one group-commit writer.
///
/// A store that cannot be reached stops the start. Once open it survives every outage: callers get
/// errors after a bounded wait, the writer keeps its rows, and both go on when the store is back.
///
/// At an external PostgreSQL `store.user` owns the schema `triage` and needs the right to create
/// it. Where that user may create roles, or has been granted `triage_app`, the service works as
/// `triage_app`, which cannot change audit tables; where not, it works as the owner and says so.
///
/// **Threads**: safe for use by several threads.
public final class Store implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Store.class);
  private static final String PASSWORD_VARIABLE = "TRIAGE_STORE_PASSWORD";

  private final @Nullable EmbeddedPostgres embedded;
  private final Schema schema;
  private final Sessions sessions;
  private final FairPool pool;
  private final int connections;
  private final Jdbi jdbi;
  private final GroupCommitWriter writer;
  private final StoreProbe probe;

  private Store(
      @Nullable EmbeddedPostgres embedded,
      Schema schema,
      Sessions sessions,
      StoreSettings settings,
      MonotonicClock clock) {
    this.embedded = embedded;
    this.schema = schema;
    this.sessions = sessions;
    this.pool = new FairPool(sessions, settings);
    this.connections = settings.connections();
    this.jdbi = Jdbi.create(pool);
    this.writer = new GroupCommitWriter(new WriterTransactions(sessions), clock);
    this.probe = new StoreProbe(sessions);
    writer.start();
  }

  /// Opens the store: starts the embedded PostgreSQL or reaches the external one, migrates, and
  /// starts the pool and the writer.
  ///
  /// @param data the data folder, for the embedded PostgreSQL; made if missing
  /// @throws StoreException if the store cannot be reached, started or migrated
  public static Store open(StoreSettings settings, Path data, MonotonicClock clock) {
    return open(settings, data, clock, System.getenv());
  }

  static Store open(
      StoreSettings settings, Path data, MonotonicClock clock, Map<String, String> environment) {
    if (settings.url() != null) {
      return openExternal(settings, clock, environment);
    }
    EmbeddedPostgres embedded = EmbeddedPostgres.start(data, settings, clock);
    try {
      Schema schema = schema(embedded.admin(), settings);
      String secret = EmbeddedPostgres.newSecret();
      schema.makeApplicationRole(secret);
      schema.migrate();
      LOG.info("event=store-open kind=embedded port={} use=single-node", embedded.port());
      ServerAddress application = embedded.address(Schema.APPLICATION, secret);
      return new Store(embedded, schema, Sessions.of(application, settings), settings, clock);
    } catch (SQLException e) {
      embedded.close();
      throw new StoreException("store: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      embedded.close();
      throw e;
    }
  }

  /// Brings the schema up to date and gives its steps, without starting the service.
  ///
  /// @throws StoreException if the store cannot be reached, started or migrated; also where a
  ///   running Triage has the embedded one: it has migrated it already
  public static List<Migration> migrate(StoreSettings settings, Path data, MonotonicClock clock) {
    // Opening does all there is to do: the role, the steps, the grants.
    try (Store store = open(settings, data, clock)) {
      return store.schema.status();
    }
  }

  /// Gives every step of the schema and its state, and changes nothing.
  ///
  /// @throws StoreException if the store cannot be reached or started
  public static List<Migration> status(StoreSettings settings, Path data, MonotonicClock clock) {
    if (settings.url() != null) {
      ServerAddress owner = external(settings, System.getenv());
      reach(owner, settings);
      return schema(owner, settings).status();
    }
    try (EmbeddedPostgres embedded = EmbeddedPostgres.start(data, settings, clock)) {
      return schema(embedded.admin(), settings).status();
    }
  }

  /// Gives the way to the tables, as the application's role. A caller waits for a connection at
  /// most for `waitTimeout` and `connectTimeout` together, and then gets a
  /// [org.jdbi.v3.core.ConnectionException].
  public Jdbi jdbi() {
    return jdbi;
  }

  /// Gives the same way, on which a statement stays without an answer no longer than that: for who
  /// has a caller waiting.
  public Jdbi jdbi(Duration answerMax) {
    return Jdbi.create(pool.within(answerMax));
  }

  /// Makes a lane for rows whose commit somebody waits for. Half of the connections at most are
  /// used by those who commit their own.
  ///
  /// @param rowsMax how many rows may be waiting or in flight at the writer
  /// @param answerMax how long one waits for the store before the writer takes its row
  public <T> PromptLane<T> promptLane(RowKind<T> kind, int rowsMax, Duration answerMax) {
    return new PromptLane<>(this, kind, rowsMax, Math.max(1, connections / 2), answerMax);
  }

  /// Gives the writer whose acknowledged rows are durable.
  public GroupCommitWriter writer() {
    return writer;
  }

  /// Starts a bell between all instances on this store.
  ///
  /// @param channel an SQL name in lower case
  /// @param listener hears the words of all; must not block
  public Bell bell(String channel, Consumer<List<String>> listener) {
    return new Bell(sessions, channel, listener).start();
  }

  /// Says within 2 s whether the store answers and takes writes; not well is also a store that
  /// answers while the writer has to keep rows back, as with a full disk.
  public StoreHealth health() {
    StoreHealth answer = probe.ask();
    String outage = writer.outage();
    return answer instanceof StoreHealth.Ok && outage != null
        ? new StoreHealth.Down("rows are being kept back: " + outage)
        : answer;
  }

  /// Gives how many bytes are free on the disk of an embedded store; nothing for an external one,
  /// or where the disk does not say.
  public OptionalLong freeBytes() {
    return embedded == null ? OptionalLong.empty() : embedded.freeBytes();
  }

  /// Gives the room that rows which are gone have left in a table of an embedded store; `null` for
  /// an external one.
  public @Nullable TableRoom tableRoom(String name) {
    return embedded == null ? null : new TableRoom(embedded.admin(), name);
  }

  /// Says whether Triage runs the PostgreSQL itself.
  public boolean isEmbedded() {
    return embedded != null;
  }

  /// Writes what still waits (10 s at most), then closes the connections and stops the embedded
  /// PostgreSQL.
  @Override
  public void close() {
    writer.close();
    probe.close();
    pool.close();
    if (embedded != null) {
      embedded.close();
    }
  }

  /// Gives the embedded server.
  ///
  /// @throws IllegalStateException if the store is external
  EmbeddedPostgres embedded() {
    if (embedded == null) {
      throw new IllegalStateException("store: external (expected: embedded)");
    }
    return embedded;
  }

  private static Store openExternal(
      StoreSettings settings, MonotonicClock clock, Map<String, String> environment) {
    ServerAddress owner = external(settings, environment);
    boolean durable = reach(owner, settings);
    Schema schema = schema(owner, settings);
    Sessions sessions = Sessions.of(owner, settings);
    try {
      if (schema.mayActAsApplication()) {
        sessions = sessions.actingAs(Schema.APPLICATION);
      } else {
        LOG.warn(
            "event=store-works-as-owner user={} effect=audit-tables-not-append-only"
                + " remedy=\"CREATE ROLE {}; GRANT {} TO {}\"",
            owner.user(),
            Schema.APPLICATION,
            Schema.APPLICATION,
            owner.user());
      }
    } catch (SQLException e) {
      throw new StoreException("store.url: " + owner + ": " + e.getMessage(), e);
    }
    schema.migrate();
    LOG.info("event=store-open kind=external address=\"{}\"", owner);
    return new Store(null, schema, durable ? sessions : sessions.durable(), settings, clock);
  }

  /// Says whether the server's sessions await their commits by default.
  private static boolean reach(ServerAddress owner, StoreSettings settings) {
    Sessions sessions = Sessions.of(owner, settings);
    try (Connection connection = sessions.dataSource().getConnection();
        Statement statement = connection.createStatement()) {
      owner.requireVersion(connection.getMetaData().getDatabaseMajorVersion());
      statement.execute(sessions.opening());
      try (ResultSet found =
          statement.executeQuery(
              "SELECT current_setting('fsync'), current_setting('synchronous_commit')")) {
        found.next();
        if (!found.getString(1).equals("on")) {
          LOG.error("event=store-not-durable fsync={} (expected: on)", found.getString(1));
        }
        return !found.getString(2).equals("off");
      }
    } catch (SQLException e) {
      throw new StoreException(
          "store.url: %s cannot be used: %s (expected: a PostgreSQL that lets this user in)"
              .formatted(owner, e.getMessage()),
          e);
    }
  }

  private static Schema schema(ServerAddress owner, StoreSettings settings) {
    // A migration may take long over a large table: it gets the time that a start gets.
    return new Schema(owner.dataSource(settings.connectTimeout(), settings.startTimeout()));
  }

  private static ServerAddress external(StoreSettings settings, Map<String, String> environment) {
    if (settings.url() == null || settings.user() == null) {
      throw new IllegalStateException("store.url: missing (expected: an address and a user)");
    }
    return new ServerAddress(settings.url(), settings.user(), password(settings, environment));
  }

  private static String password(StoreSettings settings, Map<String, String> environment) {
    if (settings.passwordFile() == null) {
      String password = environment.get(PASSWORD_VARIABLE);
      if (password == null || password.isEmpty()) {
        throw new StoreException(
            "store.passwordFile: missing (expected: a file that holds the password, or the"
                + " environment variable "
                + PASSWORD_VARIABLE
                + ")");
      }
      return password;
    }
    try {
      return Files.readString(settings.passwordFile(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new StoreException(
          "store.passwordFile: %s cannot be read: %s (expected: a file that holds the password)"
              .formatted(settings.passwordFile(), e),
          e);
    }
  }
}
