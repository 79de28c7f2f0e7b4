package triage.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import triage.time.MonotonicClock;

/// A data folder for one test, with programs that all tests share, so that they are unpacked once.
public final class StoreFixture implements AutoCloseable {
  private static final Path BUILD = Path.of("target").toAbsolutePath();

  private final Path data;

  private StoreFixture(Path data) {
    this.data = data;
  }

  /// Makes an empty data folder that other users may enter.
  public static StoreFixture create() {
    try {
      Path parent = Files.createDirectories(BUILD.resolve("stores"));
      Path data = Files.createTempDirectory(parent, "data-");
      Files.setPosixFilePermissions(
          data, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
      return new StoreFixture(data);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Makes a data folder with a store in it, as its first start leaves it.
  public static StoreFixture prepared() {
    StoreFixture fixture = create();
    PreparedStore.lay(fixture.data());
    return fixture;
  }

  /// Gives the data folder.
  public Path data() {
    return data;
  }

  /// Gives embedded settings with the shared programs.
  public static StoreSettings settings() {
    StoreSettings defaults = StoreSettings.defaults();
    return new StoreSettings(
        null,
        null,
        null,
        BUILD.resolve("postgresql"),
        defaults.port(),
        4,
        defaults.startTimeout(),
        defaults.connectTimeout(),
        Duration.ofSeconds(1),
        defaults.answerTimeout());
  }

  /// Gives settings for an external server.
  public static StoreSettings external(String url, String user, Path passwordFile) {
    StoreSettings defaults = settings();
    return new StoreSettings(
        url,
        user,
        passwordFile,
        null,
        defaults.port(),
        defaults.connections(),
        defaults.startTimeout(),
        defaults.connectTimeout(),
        defaults.waitTimeout(),
        defaults.answerTimeout());
  }

  /// Opens an embedded store on the folder.
  public Store open() {
    return Store.open(settings(), data, MonotonicClock.system());
  }

  /// Leaves in the folder what an older Triage did: a schema up to that step, with rows.
  ///
  /// @param rows SQL that inserts them, into tables of the schema `triage`
  public void leave(String version, String rows) throws SQLException {
    try (EmbeddedPostgres server = start()) {
      DataSource owner = server.admin().dataSource(Duration.ofSeconds(5), Duration.ofSeconds(30));
      new Schema(owner).makeApplicationRole(EmbeddedPostgres.newSecret());
      Flyway.configure(Schema.class.getClassLoader())
          .dataSource(owner)
          .locations("classpath:db/migration")
          .defaultSchema(Schema.NAME)
          .schemas(Schema.NAME)
          .target(version)
          .load()
          .migrate();
      try (var connection = owner.getConnection();
          var statement = connection.createStatement()) {
        statement.execute(rows);
      }
    }
  }

  /// Starts an embedded server on the folder.
  EmbeddedPostgres start() {
    return EmbeddedPostgres.start(data, settings(), MonotonicClock.system());
  }

  /// Gives the number of the server's process, as its pid file says.
  public long serverPid() throws IOException {
    Path file = data.resolve("postgresql/data/postmaster.pid");
    return Long.parseLong(Files.readAllLines(file).getFirst().strip());
  }

  /// Sends a signal to a process.
  public static void signal(String name, long pid) {
    try {
      new ProcessBuilder("sh", "-c", "kill -s \"$0\" \"$1\"", name, Long.toString(pid))
          .inheritIO()
          .start()
          .waitFor(5, TimeUnit.SECONDS);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Stops every process of the server in its tracks, until the pause is closed.
  public Pause pause() throws IOException {
    List<Long> stopped = new ArrayList<>();
    long server = serverPid();
    signal("STOP", server);
    stopped.add(server);
    for (ProcessHandle child : children(server)) {
      signal("STOP", child.pid());
      stopped.add(child.pid());
    }
    return () -> stopped.forEach(pid -> signal("CONT", pid));
  }

  /// A server that hangs.
  @FunctionalInterface
  public interface Pause extends AutoCloseable {
    @Override
    void close();
  }

  /// Gives the processes whose parent this is.
  static List<ProcessHandle> children(long pid) {
    return ProcessHandle.of(pid).stream().flatMap(ProcessHandle::children).toList();
  }

  /// Waits for something outside of this process, and gives how long it took.
  public static Duration await(String what, Duration max, BooleanSupplier done) {
    long start = System.nanoTime();
    while (!done.getAsBoolean()) {
      if (System.nanoTime() - start > max.toNanos()) {
        throw new AssertionError("not within " + max + ": " + what);
      }
      LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
    }
    return Duration.ofNanos(System.nanoTime() - start);
  }

  /// Gives the first column of the first row, as text.
  static String ask(ServerAddress address, String sql) throws SQLException {
    try (var connection =
            address.dataSource(Duration.ofSeconds(5), Duration.ofSeconds(5)).getConnection();
        var statement = connection.createStatement();
        var found = statement.executeQuery(sql)) {
      found.next();
      return found.getString(1);
    }
  }

  /// Deletes the data folder.
  @Override
  public void close() {
    try {
      Folders.delete(data);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
