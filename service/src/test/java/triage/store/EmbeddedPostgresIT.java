package triage.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import triage.time.MonotonicClock;

class EmbeddedPostgresIT {
  private StoreFixture fixture;

  @BeforeEach
  void makeFolder() {
    fixture = StoreFixture.create();
  }

  @AfterEach
  void deleteFolder() {
    fixture.close();
  }

  @Test
  void isDurableAndListensOnLoopbackOnly() throws Exception {
    try (EmbeddedPostgres server = fixture.start()) {
      ServerAddress admin = server.admin();
      assertThat(StoreFixture.ask(admin, "SHOW fsync")).isEqualTo("on");
      assertThat(StoreFixture.ask(admin, "SHOW synchronous_commit")).isEqualTo("on");
      assertThat(StoreFixture.ask(admin, "SHOW full_page_writes")).isEqualTo("on");
      assertThat(StoreFixture.ask(admin, "SHOW data_checksums")).isEqualTo("on");
      assertThat(StoreFixture.ask(admin, "SHOW listen_addresses")).isEqualTo("127.0.0.1");
      assertThat(StoreFixture.ask(admin, "SHOW unix_socket_directories")).isEmpty();
    }
  }

  @Test
  void letsNobodyInWithoutThePassword() throws Exception {
    try (EmbeddedPostgres server = fixture.start()) {
      ServerAddress guessed = server.address(EmbeddedPostgres.ADMIN, "postgres");
      assertThatThrownBy(() -> StoreFixture.ask(guessed, "SELECT 1"))
          .isInstanceOf(SQLException.class)
          .hasMessageContaining("password authentication failed");
      Path secret = fixture.data().resolve("postgresql/admin.secret");
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(secret)))
          .isEqualTo("rw-------");
      assertThat(server.admin().toString()).doesNotContain(Files.readString(secret).strip());
    }
  }

  @Test
  void keepsItsDataOverARestart() throws Exception {
    try (EmbeddedPostgres server = fixture.start()) {
      run(server.admin(), "CREATE TABLE public.kept AS SELECT 42 AS n");
    }
    try (EmbeddedPostgres server = fixture.start()) {
      assertThat(StoreFixture.ask(server.admin(), "SELECT n FROM public.kept")).isEqualTo("42");
    }
  }

  @Test
  void refusesASecondServerOnTheSameFolder() throws Exception {
    try (EmbeddedPostgres server = fixture.start()) {
      assertThatThrownBy(() -> fixture.start())
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("in use by another Triage");
      assertThat(StoreFixture.ask(server.admin(), "SELECT 1")).isEqualTo("1");
    }
  }

  @Test
  void comesBackOnTheSamePortWhenItIsKilled() throws Exception {
    try (EmbeddedPostgres server = fixture.start()) {
      ServerAddress admin = server.admin();
      run(admin, "CREATE TABLE public.kept AS SELECT 42 AS n");
      long killed = server.process().pid();
      StoreFixture.signal("KILL", killed);
      Duration took =
          StoreFixture.await(
              "served again",
              Duration.ofSeconds(10),
              () -> {
                try {
                  return StoreFixture.ask(admin, "SELECT n FROM public.kept").equals("42");
                } catch (SQLException e) {
                  return false;
                }
              });
      System.out.println("killed postgres served again after " + took.toMillis() + " ms");
      assertThat(server.process().pid()).isNotEqualTo(killed);
    }
  }

  @Test
  void leavesNoProcessBehindWhenItIsClosed() throws Exception {
    EmbeddedPostgres server = fixture.start();
    ProcessHandle process = server.process();
    List<ProcessHandle> children = StoreFixture.children(process.pid());
    assertThat(children).isNotEmpty();
    server.close();
    assertThat(process.isAlive()).isFalse();
    assertThat(children).noneMatch(ProcessHandle::isAlive);
    assertThat(fixture.data().resolve("postgresql/data/postmaster.pid")).doesNotExist();
  }

  @Test
  void startsCleanlyWhenTheOldPidBelongsToAStranger() throws Exception {
    fixture.start().close();
    // A process of the same user, or PostgreSQL itself sees that it cannot be its own.
    Path cluster = fixture.data().resolve("postgresql/data");
    Process stranger = asOwnerOf(cluster, "sleep", "600").start();
    try {
      Path pidFile = cluster.resolve("postmaster.pid");
      Files.writeString(
          pidFile, stranger.pid() + "\n" + cluster + "\n1700000000\n5432\n\n127.0.0.1\n\nready\n");
      Folders.give(pidFile, Folders.owner(cluster), (int) Files.getAttribute(cluster, "unix:gid"));
      try (EmbeddedPostgres server = fixture.start()) {
        assertThat(StoreFixture.ask(server.admin(), "SELECT 1")).isEqualTo("1");
      }
      assertThat(stranger.isAlive()).isTrue();
    } finally {
      stranger.destroyForcibly().waitFor();
    }
  }

  @Test
  void stopsAnOrphanOnTheSameData() throws Exception {
    String program;
    int port;
    try (EmbeddedPostgres server = fixture.start()) {
      program = server.process().info().command().orElseThrow();
      port = server.port();
    }
    Path cluster = fixture.data().resolve("postgresql/data").toRealPath();
    Process orphan =
        asOwnerOf(
                cluster,
                program,
                "-D",
                cluster.toString(),
                "--listen_addresses=127.0.0.1",
                "--port=" + port,
                "--unix_socket_directories=")
            .start();
    try {
      StoreFixture.await(
          "orphan ready",
          Duration.ofSeconds(30),
          () -> {
            try {
              return Files.readString(cluster.resolve("postmaster.pid")).contains("ready");
            } catch (java.io.IOException e) {
              return false;
            }
          });
      try (EmbeddedPostgres server = fixture.start()) {
        assertThat(orphan.isAlive()).isFalse();
        assertThat(StoreFixture.ask(server.admin(), "SELECT 1")).isEqualTo("1");
      }
    } finally {
      orphan.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void saysWhyItDoesNotStart() throws Exception {
    fixture.start().close();
    Files.writeString(fixture.data().resolve("postgresql/data/PG_VERSION"), "12\n");
    assertThatThrownBy(() -> fixture.start())
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("did not start")
        .hasMessageContaining("incompatible")
        .message()
        .doesNotContain("\n");
    // The lock is free again: the next try fails for the same reason, not for the lock.
    assertThatThrownBy(() -> fixture.start()).hasMessageContaining("incompatible");
  }

  @Test
  void saysWhenItsPortIsTaken() throws Exception {
    try (EmbeddedPostgres first = fixture.start();
        StoreFixture other = StoreFixture.create()) {
      StoreSettings free = StoreFixture.settings();
      StoreSettings taken =
          new StoreSettings(
              null,
              null,
              null,
              free.binaries(),
              first.port(),
              free.connections(),
              free.startTimeout(),
              free.connectTimeout(),
              free.waitTimeout(),
              free.answerTimeout());
      assertThatThrownBy(() -> EmbeddedPostgres.start(other.data(), taken, MonotonicClock.system()))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("could not bind");
    }
  }

  @Test
  void takesAnotherPortWhereSomebodyElseWasQuicker() throws Exception {
    try (Socket quicker = new Socket()) {
      // Held, but nobody listens there.
      quicker.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      int taken = quicker.getLocalPort();
      AtomicInteger asked = new AtomicInteger();
      try (EmbeddedPostgres server =
          EmbeddedPostgres.start(
              fixture.data(),
              StoreFixture.settings(),
              MonotonicClock.system(),
              () -> asked.getAndIncrement() == 0 ? taken : EmbeddedPostgres.freePort())) {
        assertThat(StoreFixture.ask(server.admin(), "SELECT 1")).isEqualTo("1");
        assertThat(server.port()).isNotEqualTo(taken);
      }
      assertThat(asked).hasValueGreaterThan(1);
    }
  }

  @Test
  void runsWhereOtherUsersMayNotEnter() throws Exception {
    Path closed = Files.createDirectory(fixture.data().resolve("closed"));
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
    try (EmbeddedPostgres server =
        EmbeddedPostgres.start(closed, StoreFixture.settings(), MonotonicClock.system())) {
      assertThat(StoreFixture.ask(server.admin(), "SELECT 1")).isEqualTo("1");
    }
    // Opened later, the same data go to the user that may now enter.
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwxr-xr-x"));
    try (EmbeddedPostgres server =
        EmbeddedPostgres.start(closed, StoreFixture.settings(), MonotonicClock.system())) {
      assertThat(StoreFixture.ask(server.admin(), "SELECT 1")).isEqualTo("1");
    }
  }

  private static ProcessBuilder asOwnerOf(Path cluster, String... words) throws Exception {
    int uid = Folders.owner(cluster);
    int gid = (int) Files.getAttribute(cluster, "unix:gid");
    PostgresRunner runner =
        Files.getAttribute(Path.of("target"), "unix:uid").equals(uid)
            ? new PostgresRunner(List.of(), uid, gid, false)
            : new PostgresRunner(
                List.of("setpriv", "--reuid", "" + uid, "--regid", "" + gid, "--clear-groups"),
                uid,
                gid,
                false);
    return PostgresRunner.builder(
            runner.command(Path.of(words[0]), List.of(words).subList(1, words.length)))
        .redirectOutput(ProcessBuilder.Redirect.DISCARD);
  }

  private static void run(ServerAddress address, String sql) throws SQLException {
    try (var connection =
            address.dataSource(Duration.ofSeconds(5), Duration.ofSeconds(5)).getConnection();
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
