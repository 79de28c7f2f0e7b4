package triage.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import triage.store.RowIds;
import triage.store.Store;
import triage.store.StoreFixture;
import triage.store.StoreHealth;
import triage.time.SettableTime;

class AuditTrailIT {
  private static final Instant START = Instant.parse("2026-11-23T10:00:00Z");
  private static final String DIGEST = "0123456789abcdef".repeat(4);

  private final SettableTime time = new SettableTime(START);
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
  void aRowIsThereOnceItIsAcknowledgedAndAfterARestart() throws Exception {
    AuditTrail trail = trail(10, AuditSettings.OnFull.REFUSE);
    AuditRow row = row(trail, "site-7");
    trail.recordDurably(trail.reserve().orElseThrow(), row).get(10, TimeUnit.SECONDS);
    assertThat(exchanges()).hasSize(1);
    assertThat(trail.written()).isEqualTo(1);
    assertThat(trail.buffered()).isZero();
    trail.close();
    store.close();
    store = fixture.open();
    Map<String, Object> found = exchanges().getFirst();
    assertThat(found)
        .containsEntry("id", row.id())
        .containsEntry("caller", "site-7")
        .containsEntry("model", "breast-cancer")
        .containsEntry("model_version", "1")
        .containsEntry("backend", null)
        .containsEntry("verdict", "served")
        .containsEntry("status", 200)
        .containsEntry("body_bytes", 512L)
        .containsEntry("wait_micros", 1_500L)
        .containsEntry("service_micros", 2_000_000L)
        .containsEntry("input", DIGEST)
        .containsEntry("received", START.getEpochSecond());
  }

  @Test
  void whileTheStoreIsAwayItTakesRowsUntilItsBufferIsFullAndThenRefuses() throws Exception {
    AuditTrail trail = trail(50, AuditSettings.OnFull.REFUSE);
    List<CompletableFuture<Void>> futures = new ArrayList<>();
    try (var _ = fixture.pause()) {
      for (int i = 0; i < 50; i++) {
        Slot slot = trail.reserve().orElseThrow();
        futures.add(trail.recordDurably(slot, row(trail, "site-" + i)));
      }
      assertThat(trail.reserve()).isEmpty();
      assertThat(trail.buffered()).isEqualTo(50);
      assertThat(trail.refused()).isEqualTo(1);
      assertThat(store.health()).isInstanceOf(StoreHealth.Down.class);
    }
    for (CompletableFuture<Void> future : futures) {
      future.get(30, TimeUnit.SECONDS);
    }
    assertThat(exchanges())
        .hasSize(50)
        .extracting(row -> row.get("caller"))
        .doesNotHaveDuplicates();
    assertThat(trail.reserve()).isPresent();
  }

  @Test
  void whereItMayCountItWritesAGapRowOnceThereIsRoomAgain() throws Exception {
    AuditTrail trail = trail(10, AuditSettings.OnFull.COUNT);
    try (var _ = fixture.pause()) {
      for (int i = 0; i < 25; i++) {
        time.advance(Duration.ofSeconds(1));
        trail.record(trail.reserve().orElseThrow(), row(trail, "site-" + i));
      }
      trail.flush();
      assertThat(trail.gaps()).isEqualTo(15);
    }
    await(() -> exchanges().size() == 10);
    trail.flush();
    await(() -> gaps().size() == 1);
    assertThat(gaps().getFirst())
        .containsEntry("cause", "buffer-full")
        .containsEntry("n", 15L)
        .containsEntry("from_s", START.getEpochSecond() + 11)
        .containsEntry("to_s", START.getEpochSecond() + 25);
    trail.flush();
    trail.close();
    store.close();
    store = fixture.open();
    assertThat(gaps()).hasSize(1);
  }

  @Test
  void aRowThatTheStoreRefusesLeavesAGapRow() {
    AuditTrail trail = trail(10, AuditSettings.OnFull.REFUSE);
    AuditRow good = row(trail, "a");
    AuditRow bad =
        new AuditRow(
            trail.newId(),
            Instant.parse("+300000-01-01T00:00:00Z"),
            good.caller(),
            good.model(),
            null,
            null,
            good.verdict(),
            null,
            200,
            null,
            0,
            0,
            0,
            null);
    CompletableFuture<Void> refused = trail.recordDurably(trail.reserve().orElseThrow(), bad);
    trail.record(trail.reserve().orElseThrow(), good);
    assertThat(refused).failsWithin(Duration.ofSeconds(10));
    trail.flush();
    await(() -> gaps().size() == 1);
    assertThat(gaps().getFirst()).containsEntry("cause", "row-refused").containsEntry("n", 1L);
    await(() -> exchanges().size() == 1);
    assertThat(trail.buffered()).isZero();
  }

  @Test
  void aSlotIsGoodForOneRowAndGivenBackOnce() throws Exception {
    AuditTrail trail = trail(1, AuditSettings.OnFull.REFUSE);
    Slot slot = trail.reserve().orElseThrow();
    assertThat(trail.reserve()).isEqualTo(Optional.empty());
    trail.release(slot);
    trail.release(slot);
    assertThat(trail.buffered()).isZero();
    assertThatIllegalStateException().isThrownBy(() -> trail.record(slot, row(trail, "a")));
    Slot next = trail.reserve().orElseThrow();
    trail.recordDurably(next, row(trail, "a")).get(10, TimeUnit.SECONDS);
    trail.release(next);
    assertThat(trail.buffered()).isZero();
  }

  @Test
  void aCallersOwnTextCannotMakeItsRowFail() throws Exception {
    AuditTrail trail = trail(10, AuditSettings.OnFull.REFUSE);
    String hostile = "x\0\ud800'; DROP TABLE audit_exchange; --" + "y".repeat(100_000);
    trail
        .recordDurably(trail.reserve().orElseThrow(), row(trail, hostile))
        .get(10, TimeUnit.SECONDS);
    assertThat((String) exchanges().getFirst().get("caller")).startsWith("x??'; DROP").hasSize(200);
  }

  @Test
  void shedsAlikeBecomeOneRow() throws Exception {
    AuditTrail trail = trail(10, AuditSettings.OnFull.REFUSE);
    for (int i = 0; i < 1_000; i++) {
      trail.shed("epro-" + i % 2, "study-1", "breast-cancer", "shed-pressure");
    }
    trail.shed("unattributed", null, "breast-cancer", "shed-pressure");
    trail.flush();
    assertThat(sheds()).isEmpty();
    time.advance(Duration.ofSeconds(10));
    trail.flush();
    await(() -> sheds().size() == 3);
    assertThat(sheds()).extracting(row -> row.get("n")).containsExactly(500L, 500L, 1L);
  }

  @Test
  void closingWritesWhatIsCounted() {
    AuditTrail trail = trail(10, AuditSettings.OnFull.REFUSE);
    trail.start();
    trail.shed("epro", null, "breast-cancer", "quota");
    trail.close();
    store.close();
    store = fixture.open();
    assertThat(sheds()).hasSize(1);
  }

  private AuditTrail trail(int bufferRows, AuditSettings.OnFull onFull) {
    return new AuditTrail(
        store.writer(),
        new AuditSettings(bufferRows, onFull, 100),
        new RowIds(time, new SplittableRandom(1)),
        time);
  }

  private AuditRow row(AuditTrail trail, String caller) {
    return new AuditRow(
        trail.newId(),
        time.instant(),
        caller,
        "breast-cancer",
        "1",
        null,
        AuditVerdict.SERVED,
        null,
        200,
        DIGEST,
        512,
        1_500_000,
        2_000_000_000,
        null);
  }

  private List<Map<String, Object>> exchanges() {
    return rows(
        "SELECT *, encode(input_sha256, 'hex') AS input,"
            + " extract(epoch FROM received_at)::bigint AS received FROM audit_exchange");
  }

  private List<Map<String, Object>> gaps() {
    return rows(
        "SELECT cause, n, extract(epoch FROM from_at)::bigint AS from_s,"
            + " extract(epoch FROM to_at)::bigint AS to_s FROM audit_gap");
  }

  private List<Map<String, Object>> sheds() {
    return rows("SELECT * FROM audit_shed ORDER BY caller");
  }

  private List<Map<String, Object>> rows(String sql) {
    return store.jdbi().withHandle(handle -> handle.createQuery(sql).mapToMap().list());
  }

  private static void await(java.util.function.BooleanSupplier done) {
    StoreFixture.await("rows", Duration.ofSeconds(30), done);
  }
}
