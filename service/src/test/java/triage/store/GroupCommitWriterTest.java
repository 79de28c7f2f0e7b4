package triage.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jdbi.v3.core.ConnectionException;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import triage.time.SettableTime;

class GroupCommitWriterTest {
  private final SettableTime time = new SettableTime(Instant.EPOCH);
  private final Table table = new Table();
  private final GroupCommitWriter writer = new GroupCommitWriter(table, time);
  private final GroupCommitWriter.Lane<Integer> lane = writer.lane(table::insert, 10);

  @Test
  void writesAllThatWaitsInOneTransaction() {
    List<Recorded> receipts = submit(1, 2, 3);
    assertThat(writer.step(time.nanos())).isZero();
    assertThat(table.commits).containsExactly(List.of(1, 2, 3));
    assertThat(receipts).allMatch(receipt -> receipt.written == 1 && receipt.failed.isEmpty());
    assertThat(writer.step(time.nanos())).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void patientRowsWaitForCompany() {
    GroupCommitWriter.Lane<Integer> patient = writer.patientLane(table::insert, 10);
    patient.submit(1, new Recorded());
    assertThat(writer.step(time.nanos())).isEqualTo(Duration.ofMillis(10).toNanos());
    time.advance(Duration.ofMillis(4));
    patient.submit(2, new Recorded());
    assertThat(writer.step(time.nanos())).isEqualTo(Duration.ofMillis(6).toNanos());
    assertThat(table.commits).isEmpty();
    time.advance(Duration.ofMillis(6));
    assertThat(writer.step(time.nanos())).isZero();
    assertThat(table.commits).containsExactly(List.of(1, 2));
    assertThat(writer.step(time.nanos())).isEqualTo(Long.MAX_VALUE);
    patient.submit(3, new Recorded());
    assertThat(writer.step(time.nanos())).isEqualTo(Duration.ofMillis(10).toNanos());
  }

  @Test
  void aRowThatSomebodyWaitsForTakesThePatientAlong() {
    GroupCommitWriter.Lane<Integer> patient = writer.patientLane(table::insert, 10);
    patient.submit(1, new Recorded());
    assertThat(writer.step(time.nanos())).isPositive();
    submit(2);
    assertThat(writer.step(time.nanos())).isZero();
    assertThat(table.rows()).containsExactlyInAnyOrder(1, 2);
    patient.submit(3, new Recorded());
    assertThat(writer.step(time.nanos())).isEqualTo(Duration.ofMillis(10).toNanos());
  }

  @Test
  void thePatientLetOthersGoBeforeThemButForAQuarter() {
    GroupCommitWriter.Lane<Integer> patient = writer.patientLane(table::insert, 2_000);
    GroupCommitWriter.Lane<Integer> urgent = writer.lane(table::insert, 2_000);
    for (int row = 0; row < 2_000; row++) {
      patient.submit(row, new Recorded());
    }
    for (int row = 2_000; row < 2_900; row++) {
      urgent.submit(row, new Recorded());
    }
    writer.step(time.nanos());
    assertThat(table.rows()).hasSize(1_000);
    assertThat(table.rows().stream().filter(row -> row >= 2_000)).hasSize(750);
    writer.step(time.nanos());
    assertThat(table.rows().stream().filter(row -> row >= 2_000)).hasSize(900);
    assertThat(table.rows().stream().filter(row -> row < 2_000)).hasSize(1_100);
    drain();
    assertThat(table.rows()).hasSize(2_900);
  }

  @Test
  void tellsForHowLongTheStoreHasNotAnswered() {
    assertThat(writer.delay()).isZero();
    table.beforeCommit =
        () -> {
          time.advance(Duration.ofSeconds(3));
          assertThat(writer.delay()).isEqualTo(Duration.ofSeconds(3));
        };
    submit(1);
    writer.step(time.nanos());
    assertThat(writer.delay()).isZero();

    table.beforeCommit = () -> {};
    table.away = true;
    submit(2);
    time.advance(Duration.ofNanos(writer.step(time.nanos())));
    assertThat(writer.delay()).isEqualTo(Duration.ofMillis(50));
    table.away = false;
    drain();
    assertThat(writer.delay()).isZero();
  }

  @Test
  void isWellAgainAfterABadRowToo() {
    table.bad.add(1);
    submit(1);
    drain();
    assertThat(writer.delay()).isZero();
  }

  @Test
  void acknowledgesOnlyAfterTheCommit() {
    Recorded receipt = new Recorded();
    table.beforeCommit = () -> assertThat(receipt.written).isZero();
    lane.submit(1, receipt);
    writer.step(time.nanos());
    assertThat(receipt.written).isEqualTo(1);
  }

  @Test
  void refusesWhatALaneHasNoRoomForAndKeepsOtherLanesFree() {
    GroupCommitWriter.Lane<Integer> other = writer.lane(table::insert, 1);
    submit(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    assertThat(lane.submit(11, new Recorded())).isFalse();
    assertThat(lane.reserve()).isFalse();
    assertThat(other.submit(12, new Recorded())).isTrue();
    writer.step(time.nanos());
    assertThat(lane.held()).isZero();
    assertThat(lane.submit(11, new Recorded())).isTrue();
  }

  @Test
  void tellsALaneThatWasFullFromOneThatIsClosed() {
    submit(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    assertThat(lane.submit(11, new Recorded())).isFalse();
    assertThat(lane.isClosed()).isFalse();
    // Whoever was refused may find room by the time that it asks why.
    writer.step(time.nanos());
    assertThat(lane.isClosed()).isFalse();

    writer.start();
    writer.close();
    assertThat(lane.submit(11, new Recorded())).isFalse();
    assertThat(lane.isClosed()).isTrue();
  }

  @Test
  void holdsReservedRoomUntilItIsGivenBack() {
    for (int i = 0; i < 10; i++) {
      assertThat(lane.reserve()).isTrue();
    }
    assertThat(lane.submit(1, new Recorded())).isFalse();
    lane.release();
    assertThat(lane.submit(1, new Recorded())).isTrue();
  }

  @Test
  void failsABadRowAloneAndWritesTheOthersInOrder() {
    table.bad.add(4);
    List<Recorded> receipts = submit(1, 2, 3, 4, 5, 6, 7);
    drain();
    assertThat(table.rows()).containsExactly(1, 2, 3, 5, 6, 7);
    for (int i = 0; i < receipts.size(); i++) {
      assertThat(receipts.get(i).written).isEqualTo(i == 3 ? 0 : 1);
      assertThat(receipts.get(i).failed).hasSize(i == 3 ? 1 : 0);
    }
    assertThat(receipts.get(3).failed.getFirst()).contains("23502").doesNotContain("secret value");
    assertThat(lane.held()).isZero();
    assertThat(writer.failed()).isEqualTo(1);
    assertThat(writer.written()).isEqualTo(6);
  }

  @Test
  void keepsRowsWhileTheStoreIsAwayAndWaitsLongerEachTime() {
    table.away = true;
    List<Recorded> receipts = submit(1, 2);
    List<Long> waits = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      long wait = writer.step(time.nanos());
      waits.add(Duration.ofNanos(wait).toMillis());
      time.advance(Duration.ofNanos(wait));
    }
    assertThat(waits).containsExactly(50L, 100L, 200L, 400L, 800L, 1600L, 2000L, 2000L);
    assertThat(writer.outage()).contains("08006");
    assertThat(receipts).allMatch(receipt -> receipt.written == 0 && receipt.failed.isEmpty());
    assertThat(lane.held()).isEqualTo(2);
    table.away = false;
    drain();
    assertThat(table.rows()).containsExactly(1, 2);
    assertThat(writer.outage()).isNull();
    assertThat(receipts).allMatch(receipt -> receipt.written == 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"40P01", "40001"})
  void triesAgainAtOnceWhenAnotherTransactionWasInTheWay(String state) {
    table.rivals.addAll(List.of(state, state));
    List<Recorded> receipts = submit(1, 2);
    for (int i = 0; i < 2; i++) {
      assertThat(writer.step(time.nanos())).isZero();
      assertThat(writer.outage()).isNull();
      assertThat(table.rows()).isEmpty();
    }
    assertThat(writer.step(time.nanos())).isZero();
    assertThat(table.rows()).containsExactly(1, 2);
    assertThat(receipts).allMatch(receipt -> receipt.written == 1 && receipt.failed.isEmpty());
  }

  @Test
  void waitsWhenOthersAreInTheWayAgainAndAgain() {
    table.rivals.addAll(Collections.nCopies(10, "40P01"));
    submit(1);
    for (int i = 0; i < 9; i++) {
      assertThat(writer.step(time.nanos())).isZero();
    }
    assertThat(writer.step(time.nanos())).isEqualTo(Duration.ofMillis(50).toNanos());
    assertThat(writer.outage()).contains("40P01");
    time.advance(Duration.ofMillis(50));
    drain();
    assertThat(writer.outage()).isNull();
    table.rivals.add("40P01");
    submit(2);
    assertThat(writer.step(time.nanos())).isZero();
    assertThat(writer.outage()).isNull();
  }

  @Test
  void isWellAgainWhenTheFirstAnswerAfterAnOutageIsARefusal() {
    table.away = true;
    table.bad.add(1);
    submit(1);
    time.advance(Duration.ofNanos(writer.step(time.nanos())));
    table.away = false;
    drain();
    assertThat(writer.outage()).isNull();
    assertThat(lane.held()).isZero();
  }

  @Test
  void keepsItsRowsWhenMemoryRunsOut() {
    submit(1);
    table.beforeCommit =
        () -> {
          table.beforeCommit = () -> {};
          throw new OutOfMemoryError("planted");
        };
    assertThatThrownBy(() -> writer.step(time.nanos())).isInstanceOf(OutOfMemoryError.class);
    drain();
    assertThat(table.rows()).containsExactly(1);
  }

  @Test
  void doesNotAskTheStoreBeforeTheWaitIsOver() {
    table.away = true;
    submit(1);
    writer.step(time.nanos());
    int asked = table.asked;
    time.advance(Duration.ofMillis(20));
    assertThat(writer.step(time.nanos())).isEqualTo(Duration.ofMillis(30).toNanos());
    assertThat(table.asked).isEqualTo(asked);
  }

  @Test
  void repeatsACommitWhoseAcknowledgementWasLost() {
    table.loseNextAcknowledgement = true;
    List<Recorded> receipts = submit(1, 2);
    time.advance(Duration.ofNanos(writer.step(time.nanos())));
    drain();
    assertThat(table.rows()).containsExactly(1, 2);
    assertThat(receipts).allMatch(receipt -> receipt.written == 1);
  }

  static Stream<Throwable> planted() {
    return Stream.of(new IllegalStateException("planted"), new StackOverflowError("planted"));
  }

  @ParameterizedTest
  @MethodSource("planted")
  void goesOnWhenAReceiptThrows(Throwable planted) {
    lane.submit(
        1,
        new Receipt() {
          @Override
          public void written() {
            switch (planted) {
              case RuntimeException e -> throw e;
              case Error e -> throw e;
              default -> throw new AssertionError(planted);
            }
          }

          @Override
          public void failed(String reason) {}
        });
    Recorded second = new Recorded();
    lane.submit(2, second);
    drain();
    assertThat(second.written).isEqualTo(1);
  }

  @Test
  void writesWhatWaitsBeforeItEnds() {
    List<Recorded> receipts = submit(1, 2, 3);
    writer.start();
    writer.close();
    assertThat(receipts).allMatch(receipt -> receipt.written == 1);
    assertThat(table.closed).isTrue();
    assertThat(lane.submit(4, new Recorded())).isFalse();
  }

  @Test
  void failsWhatItCannotWriteBeforeItEnds() {
    table.away = true;
    CompletableFuture<Void> future = new CompletableFuture<>();
    lane.submit(1, Receipt.completing(future));
    lane.reserve();
    writer.start();
    writer.close(Duration.ZERO);
    assertThatThrownBy(future::get)
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(RowFailedException.class)
        .hasMessageContaining("closed");
    // Room reserved before the end: its row still gets an answer.
    Recorded late = new Recorded();
    lane.submitReserved(2, late);
    assertThat(late.failed).hasSize(1);
  }

  private List<Recorded> submit(int... rows) {
    List<Recorded> receipts = new ArrayList<>();
    for (int row : rows) {
      Recorded receipt = new Recorded();
      assertThat(lane.submit(row, receipt)).isTrue();
      receipts.add(receipt);
    }
    return receipts;
  }

  private void drain() {
    for (int i = 0; i < 100; i++) {
      long wait = writer.step(time.nanos());
      if (wait == Long.MAX_VALUE) {
        return;
      }
      time.advance(Duration.ofNanos(wait));
    }
    throw new AssertionError("not drained");
  }

  private static final class Recorded implements Receipt {
    private final List<String> failed = new ArrayList<>();
    private int written;

    @Override
    public void written() {
      written++;
    }

    @Override
    public void failed(String reason) {
      failed.add(reason);
    }
  }

  /// A table that can be away, refuse rows, and lose an acknowledgement. A row that is there
  /// already is left alone, as `ON CONFLICT DO NOTHING` has it.
  private static final class Table implements GroupCommitWriter.Transactions {
    private final List<List<Integer>> commits = new ArrayList<>();
    private final Set<Integer> bad = new HashSet<>();
    private final List<Integer> open = new ArrayList<>();
    private final Deque<String> rivals = new ArrayDeque<>();
    private Runnable beforeCommit = () -> {};
    private boolean away;
    private boolean loseNextAcknowledgement;
    private boolean closed;
    private int asked;

    void insert(Handle handle, List<Integer> rows) {
      for (int row : rows) {
        if (bad.contains(row)) {
          throw new IllegalStateException(new SQLException("secret value", "23502"));
        }
        if (!rows().contains(row)) {
          open.add(row);
        }
      }
    }

    @Override
    public void run(Consumer<Handle> work) {
      asked++;
      if (away) {
        throw new ConnectionException(new SQLException("gone", "08006"));
      }
      open.clear();
      work.accept(null);
      if (!rivals.isEmpty()) {
        throw new IllegalStateException(new SQLException("in the way", rivals.poll()));
      }
      beforeCommit.run();
      commits.add(List.copyOf(open));
      if (loseNextAcknowledgement) {
        loseNextAcknowledgement = false;
        throw new IllegalStateException(new SQLException("gone", "08006"));
      }
    }

    List<Integer> rows() {
      return commits.stream().flatMap(List::stream).toList();
    }

    @Override
    public void close() {
      closed = true;
    }
  }
}
