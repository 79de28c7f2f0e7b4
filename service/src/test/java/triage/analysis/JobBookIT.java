package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import triage.admission.Criticality;
import triage.gateway.RefusedException;
import triage.store.RowIds;
import triage.store.Store;
import triage.store.StoreFixture;
import triage.time.MonotonicClock;

/// How much may be on its way to a real store: what comes in is bounded by it, what a model has
/// worked for is not.
class JobBookIT {
  private static final byte[] INPUT = "{}".getBytes(java.nio.charset.StandardCharsets.UTF_8);
  private static final Submission ASKED = new Submission("m", "1", null, null, null, INPUT);
  private static final Ending DONE =
      new Ending(JobState.DONE, 200, null, null, "m-0", new byte[15 << 20]);

  private StoreFixture fixture;
  private Store store;
  private JobBook book;

  @BeforeEach
  void open() {
    fixture = StoreFixture.prepared();
    store = fixture.open();
    RowIds ids = new RowIds(InstantSource.system(), new SplittableRandom(1));
    book = new JobBook(store, ids, AnalysisSettings.defaults(), MonotonicClock.system());
  }

  @AfterEach
  void close() {
    book.close();
    store.close();
    fixture.close();
  }

  @Test
  void keepsWhatModelsHaveWorkedForHoweverMuchIsUnderWay() throws Exception {
    List<CompletableFuture<Void>> answers = new ArrayList<>();
    try (Handle handle = store.jdbi().open()) {
      handle.begin();
      handle.execute("SET LOCAL idle_in_transaction_session_timeout = 0");
      handle.execute("LOCK TABLE jobs IN SHARE ROW EXCLUSIVE MODE");
      for (int i = 0; i < 5; i++) {
        answers.add(added(job(JobState.DONE, DONE)));
      }
      StoreFixture.await("all under way", Duration.ofSeconds(10), () -> !takesMoreIn());

      assertThatExceptionOfType(RefusedException.class)
          .isThrownBy(() -> book.add(job(JobState.WAITING, null)));
      handle.rollback();
    }

    for (CompletableFuture<Void> answer : answers) {
      answer.join();
    }
    assertThat(takesMoreIn()).isTrue();
    book.add(job(JobState.WAITING, null));
  }

  private CompletableFuture<Void> added(NewJob job) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            book.add(job);
          } catch (RefusedException e) {
            throw new IllegalStateException(e);
          }
        },
        Thread::startVirtualThread);
  }

  private boolean takesMoreIn() {
    try (IntakeRoom.Reservation _ = book.reserve("tester", ASKED, Criticality.CRITICAL)) {
      return true;
    } catch (RefusedException e) {
      return false;
    }
  }

  private NewJob job(JobState state, Ending ending) {
    UUID id = book.newId();
    return new NewJob(
        id,
        "tester",
        ASKED,
        Criticality.CRITICAL,
        state,
        null,
        INPUT,
        null,
        null,
        202,
        Duration.ZERO,
        Duration.ofMinutes(1),
        ending,
        null,
        0);
  }
}
