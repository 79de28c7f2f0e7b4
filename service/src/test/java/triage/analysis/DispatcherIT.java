package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import triage.admission.Criticality;
import triage.store.RowIds;
import triage.store.Store;
import triage.store.StoreException;
import triage.store.StoreFixture;
import triage.time.SettableTime;

/// What becomes of jobs in a real store when something is thrown that nobody expects, or the answer
/// to a claim is lost.
class DispatcherIT {
  private static final byte[] BYTES = "{}".getBytes(StandardCharsets.UTF_8);
  private static final UUID JOB = new UUID(0, 1);
  private static final UUID OWNER = new UUID(1, 1);
  private static final Duration LOOK = Duration.ofSeconds(1);
  private static final AnalysisSettings SETTINGS = AnalysisSettings.defaults();

  private final SettableTime time = new SettableTime(Instant.EPOCH);
  private StoreFixture fixture;
  private Store store;
  private JobBook book;
  private Dispatcher dispatcher;

  @BeforeEach
  void open() {
    fixture = StoreFixture.prepared();
    store = fixture.open();
    RowIds ids = new RowIds(InstantSource.system(), new SplittableRandom(1));
    book = new JobBook(store, ids, SETTINGS, time);
    // Never started: what its threads do, these tests do.
    dispatcher = new Dispatcher(book, null, SETTINGS, OWNER);
    store.jdbi().useTransaction(handle -> new NewJobDao().insert(handle, List.of(waiting())));
  }

  @AfterEach
  void close() {
    book.close();
    store.close();
    fixture.close();
  }

  @Test
  void triesAJobAgainWhoseWorkEndsInAnError() {
    dispatcher.run(
        claim(),
        dispatcher.hold(JOB),
        (claim, gone) -> {
          throw new StackOverflowError();
        });

    StoreFixture.await("settled", Duration.ofSeconds(10), dispatcher::isIdle);
    assertThat(job().state()).isEqualTo(JobState.WAITING);
    assertThat(job().attempts()).isOne();
  }

  @Test
  void holdsAJobNoLongerThatCannotBeHandedIn() {
    dispatcher.run(
        claim(),
        dispatcher.hold(JOB),
        (claim, gone) -> new Dispatcher.Work(null, new UnreadableFuture()));

    assertThat(dispatcher.isIdle()).isTrue();
    assertThat(job().state()).isEqualTo(JobState.RUNNING);
  }

  @Test
  void claimsOnAfterAnError() {
    boolean more =
        dispatcher.pass(() -> {
          throw new StackOverflowError();
        });

    assertThat(more).isFalse();
    assertThat(dispatcher.pass(() -> true)).isTrue();
  }

  @Test
  void givesBackUncountedWhatAClaimBroughtWhoseAnswerWasLost() {
    dispatcher.pass(() -> {
      claim();
      throw new StoreException("jobs: the connection broke", null);
    });
    assertThat(job().state()).isEqualTo(JobState.RUNNING);
    dispatcher.pass(() -> false);
    assertThat(job().state()).isEqualTo(JobState.WAITING);
    assertThat(job().attempts()).isZero();

    claim();
    time.advance(LOOK);
    dispatcher.pass(() -> false);
    assertThat(job().state()).as("of a claim that was committed late").isEqualTo(JobState.WAITING);
    time.advance(SETTINGS.claimFor());
    dispatcher.pass(() -> false);

    claim();
    time.advance(LOOK);
    dispatcher.pass(() -> false);
    assertThat(job().state()).as("no look any more").isEqualTo(JobState.RUNNING);
  }

  /// What fails with an error whoever asks.
  private static final class UnreadableFuture extends CompletableFuture<Void> {
    @Override
    public <U> CompletableFuture<U> handle(BiFunction<? super Void, Throwable, ? extends U> then) {
      throw new StackOverflowError();
    }
  }

  private Claim claim() {
    store.jdbi().useHandle(handle -> handle.execute("UPDATE jobs SET not_before = now()"));
    List<Claim> claims =
        book.claims()
            .claim("m", "1", Criticality.CRITICAL, 1, OWNER, Duration.ofMinutes(10))
            .claims();
    assertThat(claims).hasSize(1);
    return claims.getFirst();
  }

  private Job job() {
    return book.claims().find(JOB).orElseThrow();
  }

  private static NewJob waiting() {
    return new NewJob(
        JOB,
        "tester",
        new Submission("m", "1", "S-1", null, null, BYTES),
        Criticality.CRITICAL,
        JobState.WAITING,
        null,
        BYTES,
        null,
        null,
        202,
        Duration.ZERO,
        Duration.ofMinutes(10),
        null,
        null,
        0);
  }
}
