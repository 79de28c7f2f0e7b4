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

  private static final AnalysisSettings ONE_MEBIBYTE_KEPT =
      AnalysisSettings.of(
          null, null, null, null, null, null, null, 1L << 20, null, null, null, null, null, null);

  private StoreFixture fixture;
  private Store store;
  private JobBook book;

  @BeforeEach
  void open() {
    fixture = StoreFixture.prepared();
    store = fixture.open();
    book = book(AnalysisSettings.defaults());
  }

  private JobBook book(AnalysisSettings settings) {
    RowIds ids = new RowIds(InstantSource.system(), new SplittableRandom(1));
    return new JobBook(store, ids, settings, MonotonicClock.system());
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

  @Test
  void keepsTheRoomOfWhatEndedThoughItsRequestHadGivenUp() throws Exception {
    // A quarter of what is kept is a caller's: 256 KiB.
    try (JobBook bounded = book(ONE_MEBIBYTE_KEPT)) {
      NewJob ended = job(JobState.ATTACHED, null, new byte[200_000]);
      bounded.add(ended);
      Ending late = new Ending(JobState.DONE, 200, null, null, "m-0", INPUT);
      var _ = bounded.settle(new Settlement.Ended(ended.id(), 0, late, 200), ended.caller());
      bounded.release(ended).join();

      assertThat(bounded.dao().find(ended.id())).map(Job::state).hasValue(JobState.DONE);
      assertThatExceptionOfType(RefusedException.class)
          .isThrownBy(() -> bounded.add(job(JobState.ATTACHED, null, new byte[100_000])));
      NewJob inVain = job(JobState.ATTACHED, null, new byte[50_000]);
      bounded.add(inVain);
      bounded.release(inVain).join();
      assertThat(bounded.dao().find(inVain.id())).isEmpty();
      NewJob takenBack = job(JobState.ATTACHED, null, new byte[50_000]);
      bounded.add(takenBack);
      store
          .jdbi()
          .useHandle(handle -> handle.execute("DELETE FROM jobs WHERE id = ?", takenBack.id()));
      bounded.release(takenBack).join();
      bounded.add(job(JobState.ATTACHED, null, new byte[50_000]));
    }
  }

  @Test
  void givesTheRoomBackOfALineThatDoesNotComeToTheStore() throws Exception {
    try (JobBook bounded = book(ONE_MEBIBYTE_KEPT)) {
      for (int line = 0; line < 512; line++) {
        bounded.admitRefusal("tester", Criticality.CRITICAL);
      }
      bounded.giveBackRefusal("tester");
      bounded.admitRefusal("tester", Criticality.CRITICAL);

      assertThatExceptionOfType(RefusedException.class)
          .isThrownBy(() -> bounded.admitRefusal("tester", Criticality.CRITICAL));
    }
  }

  @Test
  void countsOnTopWhatCameInWhileTheStoreWasCounted() throws Exception {
    try (JobBook bounded = book(ONE_MEBIBYTE_KEPT)) {
      bounded.add(job(JobState.WAITING, null, new byte[100_000]));
      CompletableFuture<JobCensus> count;
      try (Handle handle = store.jdbi().open()) {
        handle.begin();
        handle.execute("SET LOCAL idle_in_transaction_session_timeout = 0");
        handle.execute("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE");
        count = CompletableFuture.supplyAsync(bounded::count, Thread::startVirtualThread);
        StoreFixture.await("what is kept has been read", Duration.ofSeconds(10), this::countWaits);
        bounded.admit(job(JobState.WAITING, null, new byte[100_000]));
        handle.rollback();
      }
      count.join();

      assertThatExceptionOfType(RefusedException.class)
          .isThrownBy(() -> bounded.admit(job(JobState.WAITING, null, new byte[100_000])));
      bounded.count();
      bounded.admit(job(JobState.WAITING, null, new byte[100_000]));
    }
  }

  private boolean countWaits() {
    return store
        .jdbi()
        .withHandle(handle ->
            handle
                .createQuery(
                    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND"
                        + " query LIKE '%FROM jobs WHERE state%')")
                .mapTo(Boolean.class)
                .one());
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
    return job(state, ending, INPUT);
  }

  private NewJob job(JobState state, Ending ending, byte[] input) {
    UUID id = book.newId();
    return new NewJob(
        id,
        "tester",
        new Submission("m", "1", null, null, null, input),
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
