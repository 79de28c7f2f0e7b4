package triage.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jdbi.v3.core.ConnectionException;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import triage.time.MonotonicClock;

class StoreIT {
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
  void theServiceMayAppendToTheTrailButNotChangeIt() {
    try (Store store = fixture.open()) {
      assertAppendOnly(store.jdbi());
      assertThat(one(store.jdbi(), "SELECT current_user")).isEqualTo("triage_app");
      refuses(store.jdbi(), "CREATE TABLE triage.mine (n int)");
      refuses(store.jdbi(), "DROP TABLE audit_gap");
      refuses(store.jdbi(), "SET ROLE triage_admin");
      refuses(store.jdbi(), "SELECT * FROM flyway_schema_history");
    }
  }

  @Test
  void listsItsMigrations() {
    assertThat(Store.status(StoreFixture.settings(), fixture.data(), MonotonicClock.system()))
        .first()
        .isEqualTo(new Migration("1", "audit", "Pending"));
    assertThat(Store.migrate(StoreFixture.settings(), fixture.data(), MonotonicClock.system()))
        .first()
        .isEqualTo(new Migration("1", "audit", "Success"));
  }

  @Test
  void saysSoonThatTheServerHangs() throws Exception {
    try (Store store = fixture.open()) {
      assertThat(store.health()).isInstanceOf(StoreHealth.Ok.class);
      try (var _ = fixture.pause()) {
        // Statements, and so the server's callers, wait for 30 s.
        long start = System.nanoTime();
        StoreHealth health = store.health();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
        assertThat(health).isInstanceOf(StoreHealth.Down.class);
      }
      StoreFixture.await(
          "well again", Duration.ofSeconds(10), () -> store.health() instanceof StoreHealth.Ok);
    }
  }

  @Test
  void theServerEndsWhatNobodyWaitsForAnyMore() {
    try (Store store = fixture.open()) {
      assertThat(one(store.jdbi(), "SELECT current_setting('client_connection_check_interval')"))
          .isEqualTo("1s");
      Jdbi impatient = store.jdbi(Duration.ofSeconds(1));
      assertThatThrownBy(() -> one(impatient, "SELECT pg_sleep(600)::text"))
          .isInstanceOf(RuntimeException.class);
      StoreFixture.await(
          "ended",
          Duration.ofSeconds(15),
          () ->
              one(
                      store.jdbi(),
                      "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%'"
                          + " AND pid <> pg_backend_pid()")
                  .equals("0"));
    }
  }

  @Test
  void saysThatTheServerIsGoneAndServesAgainOnceItIsBack() throws Exception {
    try (Store store = fixture.open()) {
      assertThat(one(store.jdbi(), "SELECT 1")).isEqualTo("1");
      StoreFixture.signal("KILL", fixture.serverPid());
      StoreHealth.Down down = (StoreHealth.Down) awaitHealth(store, StoreHealth.Down.class);
      assertThat(down.reason()).isNotEmpty();
      awaitHealth(store, StoreHealth.Ok.class);
      Duration took =
          StoreFixture.await(
              "pool serves",
              Duration.ofSeconds(10),
              () -> {
                try {
                  return one(store.jdbi(), "SELECT 1").equals("1");
                } catch (RuntimeException e) {
                  return false;
                }
              });
      System.out.println("pool served " + took.toMillis() + " ms after health did");
    }
  }

  @Test
  void aCallerWaitsForAConnectionForABoundedTime() throws Exception {
    try (Store store = fixture.open()) {
      int connections = StoreFixture.settings().connections();
      CountDownLatch held = new CountDownLatch(connections);
      CountDownLatch go = new CountDownLatch(1);
      for (int i = 0; i < connections; i++) {
        Thread.ofVirtual().start(() -> store.jdbi().useHandle(_ -> hold(held, go)));
      }
      held.await();
      // The settings say 1 s; left out, they would say 5.
      long start = System.nanoTime();
      assertThatThrownBy(() -> one(store.jdbi(), "SELECT 1"))
          .isInstanceOf(ConnectionException.class)
          .hasMessageContaining("no connection was free");
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
      // A pool in full use is no outage.
      assertThat(store.health()).isInstanceOf(StoreHealth.Ok.class);
      go.countDown();
      assertThat(one(store.jdbi(), "SELECT 1")).isEqualTo("1");
    }
  }

  @Test
  void worksOnAnExternalServerAsALesserRole() throws Exception {
    try (EmbeddedPostgres server = fixture.start()) {
      Path secret = fixture.data().resolve("postgresql/admin.secret");
      StoreSettings settings =
          StoreFixture.external(server.admin().url(), EmbeddedPostgres.ADMIN, secret);
      try (Store store = Store.open(settings, fixture.data(), MonotonicClock.system())) {
        assertThat(store.isEmbedded()).isFalse();
        assertThat(one(store.jdbi(), "SELECT current_user")).isEqualTo("triage_app");
        assertAppendOnly(store.jdbi());
        assertThat(store.health()).isInstanceOf(StoreHealth.Ok.class);
      }
    }
  }

  @Test
  void worksAsTheOwnerWhereItMayNotMakeRoles() throws Exception {
    try (EmbeddedPostgres server = fixture.start()) {
      Jdbi admin = Jdbi.create(server.admin().dataSource(TEN, TEN));
      admin.useHandle(handle -> {
        handle.execute("CREATE ROLE plain LOGIN PASSWORD 'plain-secret'");
        handle.execute("GRANT CREATE ON DATABASE triage TO plain");
        handle.execute("ALTER ROLE plain SET synchronous_commit = off");
      });
      StoreSettings settings = StoreFixture.external(server.admin().url(), "plain", null);
      try (Store store =
          Store.open(
              settings,
              fixture.data(),
              MonotonicClock.system(),
              Map.of("TRIAGE_STORE_PASSWORD", "plain-secret"))) {
        assertThat(one(store.jdbi(), "SELECT current_user")).isEqualTo("plain");
        assertThat(one(store.jdbi(), "SHOW synchronous_commit")).isEqualTo("on");
      }
    }
  }

  @Test
  void twoInstancesShareOneExternalServer() throws Exception {
    try (EmbeddedPostgres server = fixture.start()) {
      Path secret = fixture.data().resolve("postgresql/admin.secret");
      StoreSettings settings =
          StoreFixture.external(server.admin().url(), EmbeddedPostgres.ADMIN, secret);
      var first =
          java.util.concurrent.CompletableFuture.supplyAsync(
              () -> Store.open(settings, fixture.data(), MonotonicClock.system()));
      var second =
          java.util.concurrent.CompletableFuture.supplyAsync(
              () -> Store.open(settings, fixture.data(), MonotonicClock.system()));
      try (Store a = first.get();
          Store b = second.get()) {
        assertAppendOnly(a.jdbi());
        assertAppendOnly(b.jdbi());
      }
    }
  }

  @Test
  void anUnreachableExternalServerStopsTheStart() throws Exception {
    int closedPort;
    try (ServerSocket socket = new ServerSocket(0)) {
      closedPort = socket.getLocalPort();
    }
    StoreSettings settings =
        StoreFixture.external("jdbc:postgresql://127.0.0.1:" + closedPort + "/x", "me", null);
    assertThatThrownBy(() ->
            Store.open(
                settings,
                fixture.data(),
                MonotonicClock.system(),
                Map.of("TRIAGE_STORE_PASSWORD", "hush-hush")))
        .isInstanceOf(StoreException.class)
        .hasMessageStartingWith("store.url: me at jdbc:postgresql://127.0.0.1:" + closedPort)
        .hasMessageContaining("refused")
        .message()
        .doesNotContain("\n")
        .doesNotContain("hush-hush");
  }

  @Test
  void aWrongPasswordStopsTheStartAndIsNotShown() throws Exception {
    try (EmbeddedPostgres server = fixture.start()) {
      Path wrong = Files.writeString(fixture.data().resolve("wrong"), "hush-hush\n");
      StoreSettings settings =
          StoreFixture.external(server.admin().url(), EmbeddedPostgres.ADMIN, wrong);
      assertThatThrownBy(() -> Store.open(settings, fixture.data(), MonotonicClock.system()))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("password authentication failed")
          .message()
          .doesNotContain("hush-hush");
    }
  }

  private static final Duration TEN = Duration.ofSeconds(10);

  private static void hold(CountDownLatch held, CountDownLatch go) {
    held.countDown();
    try {
      go.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static StoreHealth awaitHealth(Store store, Class<? extends StoreHealth> kind) {
    StoreHealth[] last = new StoreHealth[1];
    Duration took =
        StoreFixture.await(
            kind.getSimpleName(),
            TEN,
            () -> {
              last[0] = store.health();
              return kind.isInstance(last[0]);
            });
    System.out.println("health " + last[0] + " after " + took.toMillis() + " ms");
    return last[0];
  }

  private static void assertAppendOnly(Jdbi jdbi) {
    for (String table :
        new String[] {"audit_exchange", "audit_shed", "audit_gap", "audit_change"}) {
      one(jdbi, "SELECT count(*) FROM " + table);
      refuses(jdbi, "DELETE FROM " + table);
      refuses(jdbi, "UPDATE " + table + " SET id = id");
      refuses(jdbi, "TRUNCATE " + table);
    }
    jdbi.useHandle(handle ->
        handle.execute(
            "INSERT INTO audit_gap (id, from_at, to_at, cause, n)"
                + " VALUES (gen_random_uuid(), now(), now(), 'test', 1)"));
  }

  private static void refuses(Jdbi jdbi, String sql) {
    assertThatThrownBy(() -> jdbi.useHandle((Handle handle) -> handle.execute(sql)))
        .as(sql)
        .isInstanceOf(UnableToExecuteStatementException.class)
        .hasMessageMatching("(?s).*(permission denied|must be owner).*");
  }

  private static String one(Jdbi jdbi, String sql) {
    return jdbi.withHandle(handle -> handle.createQuery(sql).mapTo(String.class).one());
  }
}
