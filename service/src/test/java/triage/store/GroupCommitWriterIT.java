package triage.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GroupCommitWriterIT {
  private StoreFixture fixture;
  private Store store;

  @BeforeEach
  void open() {
    fixture = StoreFixture.prepared();
    store = fixture.open();
  }

  @AfterEach
  void close() {
    store.close();
    fixture.close();
  }

  @Test
  void aBadRowFailsAlone() throws Exception {
    var lane = store.writer().lane(new GapRows(), 1_000);
    List<CompletableFuture<Void>> futures = new ArrayList<>();
    for (long n = 0; n < 500; n++) {
      futures.add(submit(lane, n == 250 ? new GapRows.Row(new java.util.UUID(1, 1), -1) : row(n)));
    }
    for (int i = 0; i < futures.size(); i++) {
      CompletableFuture<Void> future = futures.get(i);
      if (i == 250) {
        assertThat(future)
            .failsWithin(Duration.ofSeconds(30))
            .withThrowableOfType(ExecutionException.class)
            .withMessageContaining("23502");
      } else {
        future.get(30, TimeUnit.SECONDS);
      }
    }
    assertThat(GapRows.written(store.jdbi())).hasSize(499).doesNotContain(250L);
  }

  @Test
  void rowsHandedInDuringAnOutageAreWrittenOnceItIsOver() throws Exception {
    var lane = store.writer().lane(new GapRows(), 10_000);
    submit(lane, row(0)).get(30, TimeUnit.SECONDS);
    long server = fixture.serverPid();
    var children = StoreFixture.children(server);
    StoreFixture.signal("STOP", server);
    children.forEach(child -> StoreFixture.signal("STOP", child.pid()));
    List<CompletableFuture<Void>> futures = new ArrayList<>();
    for (long n = 1; n < 5_000; n++) {
      futures.add(submit(lane, row(n)));
    }
    assertThat(store.health()).isInstanceOf(StoreHealth.Down.class);
    assertThat(futures).noneMatch(CompletableFuture::isDone);
    // Killed while it hangs: the rows that were on their way may or may not have been committed.
    StoreFixture.signal("KILL", server);
    children.forEach(child -> StoreFixture.signal("CONT", child.pid()));
    long start = System.nanoTime();
    for (CompletableFuture<Void> future : futures) {
      future.get(30, TimeUnit.SECONDS);
    }
    System.out.println(
        "seen: 5000 rows of an outage written within "
            + Duration.ofNanos(System.nanoTime() - start).toMillis()
            + " ms of the kill");
    assertThat(GapRows.written(store.jdbi()))
        .containsExactlyElementsOf(LongStream.range(0, 5_000).boxed().toList());
    assertThat(store.health()).isInstanceOf(StoreHealth.Ok.class);
    assertThat(lane.held()).isZero();
  }

  @Test
  void nothingAcknowledgedIsLostAndNothingIsWrittenTwiceWhenConnectionsBreakAgainAndAgain()
      throws Exception {
    var lane = store.writer().lane(new GapRows(), 200);
    Jdbi admin =
        Jdbi.create(
            store.embedded().admin().dataSource(Duration.ofSeconds(5), Duration.ofSeconds(5)));
    AtomicLong next = new AtomicLong();
    AtomicLong acknowledged = new AtomicLong();
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      callers.add(
          Thread.ofVirtual()
              .start(() -> {
                for (int rows = 0; rows < 100; rows++) {
                  submit(lane, row(next.getAndIncrement())).join();
                  acknowledged.incrementAndGet();
                }
              }));
    }
    int broken = 0;
    while (acknowledged.get() < 6_000) {
      long before = acknowledged.get();
      broken +=
          admin.withHandle(handle ->
              handle
                  .createQuery(
                      "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                          + " WHERE usename = 'triage_app'")
                  .mapTo(Integer.class)
                  .one());
      StoreFixture.await(
          "progress", Duration.ofSeconds(30), () -> acknowledged.get() > before + 50);
    }
    for (Thread caller : callers) {
      assertThat(caller.join(Duration.ofSeconds(30))).isTrue();
    }
    System.out.println("seen: 6400 rows over " + broken + " broken connections");
    assertThat(broken).isPositive();
    // Of the service's own connections one may be broken and not used since.
    List<Long> written =
        admin.withHandle(handle ->
            handle
                .createQuery("SELECT n FROM triage.audit_gap ORDER BY n")
                .mapTo(Long.class)
                .list());
    assertThat(written).containsExactlyElementsOf(LongStream.range(0, 6_400).boxed().toList());
  }

  private static GapRows.Row row(long n) {
    return GapRows.Row.of(n);
  }

  private static CompletableFuture<Void> submit(
      GroupCommitWriter.Lane<GapRows.Row> lane, GapRows.Row row) {
    CompletableFuture<Void> future = new CompletableFuture<>();
    assertThat(lane.submit(row, Receipt.completing(future))).isTrue();
    return future;
  }
}
