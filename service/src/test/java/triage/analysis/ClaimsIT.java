package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import triage.admission.Criticality;
import triage.store.Store;
import triage.store.StoreFixture;

/// A claim and what becomes of it, in a real store: work that nobody else has begun is not in vain,
/// and whoever is first of two holders ends a job.
class ClaimsIT {
  private static final byte[] BYTES = "{}".getBytes(StandardCharsets.UTF_8);
  private static final UUID JOB = new UUID(0, 1);
  private static final UUID ONE = new UUID(1, 1);
  private static final UUID OTHER = new UUID(2, 2);
  private static final Duration LEASE = Duration.ofMinutes(10);
  private static final Ending DONE = new Ending(JobState.DONE, 200, null, null, "m-0", BYTES);

  private final JobCounts counts = new JobCounts();
  private StoreFixture fixture;
  private Store store;
  private Jdbi jdbi;
  private JobDao jobs;

  @BeforeEach
  void open() {
    fixture = StoreFixture.prepared();
    store = fixture.open();
    jdbi = store.jdbi();
    jobs = new JobDao(jdbi);
    jdbi.useTransaction(handle -> new NewJobDao().insert(handle, List.of(waiting())));
  }

  @AfterEach
  void close() {
    store.close();
    fixture.close();
  }

  @Test
  void whatWasOnlyTakenBackIsNotLostAndMayBeEnded() {
    Claim claim = claim(ONE);
    assertThat(lost(claim)).isEmpty();
    takeBack();

    assertThat(lost(claim)).isEmpty();
    settle(new Settlement.Ended(JOB, claim.fence(), DONE, 0));
    assertThat(state()).isEqualTo(JobState.DONE);
    assertThat(lost(claim)).as("it has ended").containsExactly(JOB);
    assertThat(claimed(OTHER).claims()).isEmpty();
  }

  @Test
  void whatSomebodyElseHasBegunIsLostAndEndedByThatOneOnly() {
    Claim older = claim(ONE);
    takeBack();
    Claim newer = claim(OTHER);

    assertThat(lost(older)).containsExactly(JOB);
    assertThat(lost(newer)).isEmpty();
    settle(new Settlement.Ended(JOB, older.fence(), DONE, 0));
    settle(new Settlement.PutBack(JOB, older.fence(), 0, true, null));
    assertThat(state()).isEqualTo(JobState.RUNNING);
    assertThat(jobs.find(JOB).orElseThrow().attempts()).isEqualTo(2);
    assertThat(counts.late()).isOne();
    settle(new Settlement.Ended(JOB, newer.fence(), DONE, 0));
    assertThat(state()).isEqualTo(JobState.DONE);
  }

  @Test
  void whatWasTakenBackIsPutBackOnceByItsHolder() {
    Claim claim = claim(ONE);
    takeBack();
    Settlement back = new Settlement.PutBack(JOB, claim.fence(), 60_000, true, "shed");

    settle(back);
    // As after a commit whose answer was lost.
    settle(back);
    assertThat(jobs.find(JOB).orElseThrow().attempts()).isZero();
    assertThat(claimed(OTHER).claims()).as("not yet").isEmpty();
    assertThat(lost(claim)).containsExactly(JOB);
  }

  @Test
  void whatAnotherIsJustClaimingIsLeftToItAndSaysThatThereMayBeMore() {
    try (Handle other = jdbi.open()) {
      other.begin();
      other.execute("SELECT FROM jobs FOR UPDATE");

      assertThat(claimed(ONE).claims()).isEmpty();
      assertThat(claimed(ONE).isContended()).isTrue();
      other.rollback();
    }
    assertThat(claimed(ONE).isContended()).isFalse();
    assertThat(claimed(ONE)).isEqualTo(new JobDao.Claims(List.of(), false));
  }

  @Test
  void whatIsClaimedAndHeldByNobodyIsGivenBackUncounted() {
    Claim claim = claim(ONE);
    assertThat(jobs.giveBack(ONE, held(claim.fence()))).isEmpty();
    assertThat(jobs.giveBack(OTHER, Map.of())).isEmpty();
    assertThat(state()).isEqualTo(JobState.RUNNING);

    List<JobDao.TakenBack> back = jobs.giveBack(ONE, held(claim.fence() - 1));
    assertThat(back).containsExactly(new JobDao.TakenBack(JOB, "tester", JobState.WAITING));
    settle(new Settlement.Ended(JOB, claim.fence(), DONE, 0));
    assertThat(state()).isEqualTo(JobState.WAITING);
    assertThat(claimed(OTHER).claims()).as("others come first").isEmpty();
    jdbi.useHandle(handle -> handle.execute("UPDATE jobs SET not_before = now()"));
    assertThat(claim(OTHER).attempts()).isOne();
  }

  @Test
  void whatWasCalledOffOrDeletedIsLost() {
    Claim claim = claim(ONE);
    jdbi.useHandle(handle -> handle.execute("UPDATE jobs SET state = 'cancelled'"));
    assertThat(lost(claim)).containsExactly(JOB);
    jdbi.useHandle(handle -> handle.execute("DELETE FROM jobs"));
    assertThat(lost(claim)).containsExactly(JOB);
  }

  private Claim claim(UUID owner) {
    List<Claim> claims = claimed(owner).claims();
    assertThat(claims).hasSize(1);
    return claims.getFirst();
  }

  private JobDao.Claims claimed(UUID owner) {
    return jobs.claim("m", "1", Criticality.CRITICAL, 1, owner, LEASE);
  }

  private void takeBack() {
    jdbi.useHandle(
        handle -> handle.execute("UPDATE jobs SET lease_until = now() - interval '1 s'"));
    assertThat(jobs.takeBack(5)).hasSize(1);
    assertThat(state()).isEqualTo(JobState.WAITING);
  }

  private List<UUID> lost(Claim claim) {
    return jobs.lost(held(claim.fence()));
  }

  private static Map<UUID, HeldJobs.Hold> held(long fence) {
    return Map.of(JOB, new HeldJobs.Hold(fence, new CompletableFuture<>()));
  }

  private void settle(Settlement settlement) {
    jdbi.useTransaction(handle -> new SettlementDao(counts).insert(handle, List.of(settlement)));
  }

  private JobState state() {
    return jobs.find(JOB).orElseThrow().state();
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
        LEASE,
        null,
        null,
        0);
  }
}
