package triage.store;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.time.MonotonicClock;

/// A PostgreSQL of our own: unpacked, set up, started on 127.0.0.1, watched, restarted when it
/// dies, and stopped with us.
///
/// It is as durable as any other: `fsync`, `full_page_writes` and `synchronous_commit` are given on
/// the command line, which no configuration file outranks; data pages carry checksums. It listens
/// on TCP only, lets nobody in without a password (SCRAM), and logs neither statements nor values.
///
/// All of it lies in `postgresql/` of the data folder: the programs (`bin-*`), the data (`data`),
/// its log (`log`), and the administrator's password (`admin.secret`, mode 0600).
///
/// **Threads**: safe for use by several threads.
final class EmbeddedPostgres implements AutoCloseable {
  /// The role that owns everything; it serves migrations only.
  static final String ADMIN = "triage_admin";

  /// The one database.
  static final String DATABASE = "triage";

  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedPostgres.class);
  private static final int PORT_TRIES = 5;
  private static final int RESERVED_CONNECTIONS = 12;
  private static final long INITDB_SECONDS = 300;
  private static final Duration POLL = Duration.ofMillis(25);
  private static final Duration LAST_WORDS = Duration.ofSeconds(1);
  private static final Duration LOGIN_TIMEOUT = Duration.ofSeconds(5);
  private static final FileAttribute<Set<PosixFilePermission>> OURS_ALONE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  /// Gives ports that nobody held a moment ago.
  @FunctionalInterface
  interface FreePorts {
    int next() throws IOException;
  }

  private final FolderLock lock;
  private final PostgresSupervisor supervisor;
  private final int port;
  private final String password;
  private final Path folder;

  private EmbeddedPostgres(
      FolderLock lock, PostgresSupervisor supervisor, int port, String password, Path folder) {
    this.lock = lock;
    this.folder = folder;
    this.supervisor = supervisor;
    this.port = port;
    this.password = password;
  }

  /// Starts PostgreSQL on the data in `data`, and gives it once it answers.
  ///
  /// @param data the data folder; made if missing
  /// @throws StoreException if the folder is in use, or PostgreSQL does not start: with the reason
  ///   and the last lines of its log
  static EmbeddedPostgres start(Path data, StoreSettings settings, MonotonicClock clock) {
    return start(data, settings, clock, EmbeddedPostgres::freePort);
  }

  /// Does the same.
  ///
  /// @param ports asked where the settings name no port, and again where another program has been
  ///   quicker to take the one it gave
  static EmbeddedPostgres start(
      Path data, StoreSettings settings, MonotonicClock clock, FreePorts ports) {
    try {
      makeFolder(data.toAbsolutePath());
      Path folder = data.toRealPath().resolve("postgresql");
      makeFolder(folder);
      FolderLock lock = FolderLock.take(data.toRealPath());
      try {
        return start(lock, folder, settings, clock, ports);
      } catch (IOException | RuntimeException e) {
        lock.close();
        throw e;
      }
    } catch (IOException e) {
      throw new StoreException(
          "data folder %s: %s (expected: a folder this user may write to)".formatted(data, e), e);
    }
  }

  /// Gives the address of the database, for its administrator.
  ServerAddress admin() {
    return address(ADMIN, password);
  }

  /// Gives the address of the database, for another role.
  ServerAddress address(String user, String secret) {
    return new ServerAddress(url(port, DATABASE), user, secret);
  }

  /// Gives the port it listens on, which stays the same over restarts by the supervisor.
  int port() {
    return port;
  }

  /// Gives the server's process at this moment.
  ProcessHandle process() {
    return supervisor.process();
  }

  /// Gives how many bytes are free on its disk, or nothing if the disk does not say.
  OptionalLong freeBytes() {
    try {
      return OptionalLong.of(Files.getFileStore(folder).getUsableSpace());
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  /// Stops the server cleanly and lets go of the data folder.
  @Override
  public void close() {
    supervisor.close();
    lock.close();
  }

  /// Gives a secret that nobody can guess: 32 bytes in hex.
  static String newSecret() {
    byte[] bytes = new byte[32];
    new SecureRandom().nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  private static EmbeddedPostgres start(
      FolderLock lock, Path folder, StoreSettings settings, MonotonicClock clock, FreePorts ports)
      throws IOException {
    Files.createDirectories(folder.resolve("log"));
    Path parent = settings.binaries() == null ? folder : settings.binaries();
    Path binaries = PostgresBinaries.unpack(parent).toRealPath();
    Path cluster = folder.resolve("data");
    PostgresRunner runner = PostgresRunner.choose(binaries, folder, cluster);
    if (!runner.endsWithUs()) {
      LOG.warn("event=postgres-outlives-kill reason=setpriv-missing");
    }
    Leftover.clear(cluster, clock);
    String password = secret(folder.resolve("admin.secret"));
    initialise(runner, binaries, cluster, password);
    runner.own(cluster);
    PostgresLog log = new PostgresLog(folder.resolve("log"));
    for (int tries = 1; ; tries++) {
      int port = settings.port() == 0 ? ports.next() : settings.port();
      List<String> command = command(runner, binaries, cluster, port, settings.connections());
      PostgresSupervisor supervisor = PostgresSupervisor.start(command, cluster, log, clock);
      try {
        awaitAnswer(supervisor, port, password, log, settings, clock);
        LOG.info(
            "event=postgres-started port={} pid={} data={}",
            port,
            supervisor.process().pid(),
            cluster);
        return new EmbeddedPostgres(lock, supervisor, port, password, folder);
      } catch (StoreException e) {
        supervisor.close();
        boolean taken = log.tail().contains("could not bind") && settings.port() == 0;
        if (!taken || tries == PORT_TRIES) {
          throw e;
        }
      }
    }
  }

  /// Makes a folder that others may pass through, whatever the umask: PostgreSQL may run as another
  /// user. What lies in it has its own modes.
  static void makeFolder(Path folder) throws IOException {
    if (Files.isDirectory(folder)) {
      return;
    }
    Path parent = folder.getParent();
    if (parent != null) {
      makeFolder(parent);
    }
    Files.createDirectory(folder);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
  }

  private static void initialise(
      PostgresRunner runner, Path binaries, Path cluster, String password) throws IOException {
    if (Files.exists(cluster.resolve("PG_VERSION"))) {
      return;
    }
    if (Files.exists(cluster)) {
      throw new StoreException(
          "data folder %s: holds no PostgreSQL data (expected: none, or a whole one; move it away)"
              .formatted(cluster));
    }
    Path partial = cluster.resolveSibling("data.partial");
    Folders.delete(partial);
    Path passwordFile = cluster.resolveSibling("password.partial");
    Files.deleteIfExists(passwordFile);
    Files.createDirectory(
        partial,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    try {
      Files.createFile(passwordFile, OURS_ALONE);
      Files.writeString(passwordFile, password + "\n");
      runner.own(passwordFile);
      runner.own(partial);
      PostgresRunner.Ended ended =
          runner.run(
              binaries.resolve("bin/initdb"),
              List.of(
                  "--pgdata=" + partial,
                  "--username=" + ADMIN,
                  "--pwfile=" + passwordFile,
                  "--auth=scram-sha-256",
                  "--data-checksums",
                  "--encoding=UTF8",
                  "--locale=C",
                  "--locale-provider=builtin",
                  "--builtin-locale=C.UTF-8"),
              INITDB_SECONDS);
      if (ended.code() != 0) {
        throw new StoreException(
            "data folder %s: PostgreSQL cannot be set up: %s (expected: 200 MB free, and a file"
                    .formatted(cluster, ended.output())
                + " system that keeps owners and modes)");
      }
      Files.move(partial, cluster, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(passwordFile);
    }
  }

  private static List<String> command(
      PostgresRunner runner, Path binaries, Path cluster, int port, int connections) {
    return runner.command(
        binaries.resolve("bin/postgres"),
        List.of(
            "-D",
            cluster.toString(),
            "--port=" + port,
            "--listen_addresses=127.0.0.1",
            "--unix_socket_directories=",
            "--max_connections=" + (connections + RESERVED_CONNECTIONS),
            "--fsync=on",
            "--full_page_writes=on",
            "--synchronous_commit=on",
            "--password_encryption=scram-sha-256",
            "--timezone=UTC",
            "--log_timezone=UTC",
            "--jit=off",
            // LOG and worse than ERROR: what concerns the server. Errors of statements go to their
            // sender; in a log they would show values.
            "--log_min_messages=log",
            "--log_min_error_statement=panic",
            "--log_error_verbosity=terse",
            "--logging_collector=off",
            "--log_destination=stderr"));
  }

  private static void awaitAnswer(
      PostgresSupervisor supervisor,
      int port,
      String password,
      PostgresLog log,
      StoreSettings settings,
      MonotonicClock clock) {
    ServerAddress first = new ServerAddress(url(port, "postgres"), ADMIN, password);
    long start = clock.nanos();
    while (true) {
      if (supervisor.endedWithin(POLL)) {
        throw new StoreException("PostgreSQL did not start: " + log.tail());
      }
      try (Connection connection =
              first.dataSource(LOGIN_TIMEOUT, settings.startTimeout()).getConnection();
          Statement statement = connection.createStatement()) {
        makeDatabase(statement);
        supervisor.keepAlive();
        return;
      } catch (SQLException e) {
        String state = String.valueOf(e.getSQLState());
        boolean starting = state.startsWith("08") || state.equals("57P03");
        if (!starting && supervisor.endedWithin(LAST_WORDS)) {
          // Another server answered on the port that ours could not take.
          throw new StoreException("PostgreSQL did not start: " + log.tail(), e);
        }
        if (!starting) {
          throw new StoreException(
              "PostgreSQL refuses its administrator: %s (expected: admin.secret as it was when the"
                      .formatted(StoreException.oneLine(e.getMessage()))
                  + " data were set up)",
              e);
        }
        if (clock.nanos() - start > settings.startTimeout().toNanos()) {
          throw new StoreException(
              "PostgreSQL did not answer within %s (store.startTimeout): %s"
                  .formatted(settings.startTimeout(), log.tail()),
              e);
        }
      }
    }
  }

  private static void makeDatabase(Statement statement) throws SQLException {
    try (ResultSet found =
        statement.executeQuery("SELECT 1 FROM pg_database WHERE datname = '" + DATABASE + "'")) {
      if (found.next()) {
        return;
      }
    }
    statement.execute("CREATE DATABASE " + DATABASE);
  }

  private static String url(int port, String database) {
    return "jdbc:postgresql://127.0.0.1:"
        + port
        + "/"
        + database
        + "?sslmode=disable&gssEncMode=disable";
  }

  /// Gives a port that nobody holds at this moment.
  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static String secret(Path file) throws IOException {
    if (!Files.exists(file)) {
      Path partial = file.resolveSibling(file.getFileName() + ".partial");
      Files.deleteIfExists(partial);
      try {
        Files.createFile(partial, OURS_ALONE);
        Files.writeString(partial, newSecret() + "\n", StandardCharsets.UTF_8);
        Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
      } catch (FileAlreadyExistsException e) {
        throw new IOException("made twice: " + e.getMessage(), e);
      }
    }
    return Files.readString(file, StandardCharsets.UTF_8).strip();
  }
}
