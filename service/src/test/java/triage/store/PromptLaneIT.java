package triage.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PromptLaneIT {
  private static final Duration ANSWER_MAX = Duration.ofSeconds(2);

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
  void aRowAloneIsCommittedByWhoBringsIt() {
    var lane = store.promptLane(new GapRows(), 100, ANSWER_MAX);
    for (long n = 0; n < 5; n++) {
      assertThat(submit(lane, GapRows.Row.of(n))).isCompleted();
    }
    assertThat(GapRows.written(store.jdbi())).containsExactly(0L, 1L, 2L, 3L, 4L);
    assertThat(store.writer().written()).isZero();
  }

  @Test
  void tellsOfARowOnlyOnceItIsCommitted() {
    CompletableFuture<Void> told = new CompletableFuture<>();
    List<Boolean> before = new ArrayList<>();
    RowKind<GapRows.Row> watching =
        (handle, rows) -> {
          before.add(told.isDone());
          new GapRows().insert(handle, rows);
          before.add(told.isDone());
        };
    var lane = store.promptLane(watching, 100, ANSWER_MAX);
    assertThat(lane.submit(GapRows.Row.of(1), Receipt.completing(told))).isTrue();
    assertThat(before).containsExactly(false, false);
    assertThat(told).isCompleted();
    assertThat(store.writer().written()).as("rows that the writer took").isZero();
  }

  @Test
  void whereTooManyCommitTheirOwnTheWriterTakesTheRow() throws Exception {
    List<CompletableFuture<Void>> inner = new ArrayList<>();
    List<PromptLane<GapRows.Row>> lanes = new ArrayList<>();
    // While the only one who may is at it, another comes.
    RowKind<GapRows.Row> nested =
        (handle, rows) -> {
          if (rows.getFirst().n() == 0) {
            inner.add(submit(lanes.getFirst(), GapRows.Row.of(1)));
          }
          new GapRows().insert(handle, rows);
        };
    lanes.add(new PromptLane<>(store, nested, 100, 1, ANSWER_MAX));
    assertThat(submit(lanes.getFirst(), GapRows.Row.of(0))).isCompleted();
    inner.getFirst().get(30, TimeUnit.SECONDS);
    assertThat(GapRows.written(store.jdbi())).containsExactly(0L, 1L);
    assertThat(store.writer().written()).isOne();
  }

  @Test
  void whileManyWaitTheWriterTakesThemAll() throws Exception {
    // The table is taken, so that the rows of the writer stay with it.
    List<CompletableFuture<Void>> futures = new ArrayList<>();
    var lane = new PromptLane<>(store, new GapRows(), 100, 1, Duration.ofMillis(200));
    try (Connection owner =
            store
                .embedded()
                .admin()
                .dataSource(Duration.ofSeconds(5), Duration.ofSeconds(30))
                .getConnection();
        Statement statement = owner.createStatement()) {
      owner.setAutoCommit(false);
      statement.execute("LOCK TABLE triage.audit_gap IN EXCLUSIVE MODE");
      for (long n = 0; n < PromptLane.FEW + 2; n++) {
        futures.add(submit(lane, GapRows.Row.of(n)));
      }
      assertThat(futures).noneMatch(CompletableFuture::isDone);
      owner.rollback();
    }
    for (CompletableFuture<Void> future : futures) {
      future.get(30, TimeUnit.SECONDS);
    }
    assertThat(GapRows.written(store.jdbi())).hasSize(PromptLane.FEW + 2);
    assertThat(store.writer().written()).isEqualTo(PromptLane.FEW + 2);
  }

  @Test
  void aRowIsThereOnceThoughItsBringerGotNoAnswer() throws Exception {
    // Committed, and then failed, as a connection that breaks while the answer is on its way.
    List<Integer> times = new ArrayList<>();
    RowKind<GapRows.Row> broken =
        (handle, rows) -> {
          new GapRows().insert(handle, rows);
          times.add(rows.size());
          if (times.size() == 1) {
            handle.execute("SELECT pg_terminate_backend(pg_backend_pid())");
          }
        };
    var lane = store.promptLane(broken, 100, ANSWER_MAX);
    submit(lane, GapRows.Row.of(7)).get(30, TimeUnit.SECONDS);
    assertThat(times).hasSize(2);
    assertThat(GapRows.written(store.jdbi())).containsExactly(7L);
    assertThat(store.writer().written()).isOne();
  }

  @Test
  void aBadRowFails() {
    var lane = store.promptLane(new GapRows(), 100, ANSWER_MAX);
    assertThat(submit(lane, new GapRows.Row(new UUID(1, 1), -1)))
        .failsWithin(Duration.ofSeconds(30))
        .withThrowableOfType(ExecutionException.class)
        .withMessageContaining("23502");
    assertThat(GapRows.written(store.jdbi())).isEmpty();
  }

  private static CompletableFuture<Void> submit(PromptLane<GapRows.Row> lane, GapRows.Row row) {
    CompletableFuture<Void> future = new CompletableFuture<>();
    assertThat(lane.submit(row, Receipt.completing(future))).isTrue();
    return future;
  }
}
