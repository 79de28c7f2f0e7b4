package triage.analysis;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.admission.Criticality;
import triage.gateway.ModelCall;
import triage.gateway.Refusal;
import triage.gateway.Target;
import triage.store.StoreException;

/// Takes jobs from the store to the models' gates, and what becomes of them back.
///
/// It claims no more of a class than the backends in rotation may hold, less what it has in hand of
/// that class and those above: what waits longer waits in the store, where every instance finds it,
/// and a job of a higher class is never kept out by those below it. In hand, a job passes the gate
/// like any other request, in its caller's name and its class, without a deadline.
///
/// A model's class that had less to claim than there was room for is left alone until somebody
/// tells of work, or for a second: while a backlog of one class drains, the store is not asked for
/// all the others each time that a job ends.
///
/// A claim is held by a lease that is renewed each third of its time, by a thread that does nothing
/// else: whatever else waits for the store, leases go on. What is shed, or never
/// reached a model, goes back and does not count as an attempt; what failed there counts, and is
/// tried again ever more slowly until it is dead.
///
/// **Threads**: safe for use by several threads; its own are `job-poller`, `job-leases`,
/// `job-keeper` and a virtual one for each job in hand.
final class Dispatcher implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);
  private static final long POLL_NANOS = 1_000_000_000L;
  private static final long AFTER_A_FAULT_NANOS = 500_000_000L;
  private static final long RETRY_MILLIS_MIN = 250;
  private static final long RETRY_MILLIS_MAX = 60_000;
  private static final int GONE = 499;

  /// What a request works on has never been claimed.
  private static final long ATTACHED_FENCE = 0;

  private static final String BACKEND_FAILED = "backend-failed";
  private static final Duration CLOSE_MAX = Duration.ofSeconds(10);
  private static final Duration RENEWAL_MAX = Duration.ofSeconds(2);
  private static final long LOOK_NANOS = 10_000_000L;

  /// How long to let those claim who are just doing it.
  private static final long CONTENDED_NANOS = 5_000_000L;

  private final JobBook book;
  private final ModelCall models;
  private final AnalysisSettings settings;
  private final UUID owner;
  private final UnservedWatch unserved;
  private final Map<Lot, AtomicInteger> inHand = new ConcurrentHashMap<>();

  private final HeldJobs held = new HeldJobs();
  private final Sight sight;
  private final Coalesced lookForLost;

  private final Thread poller =
      Thread.ofPlatform().daemon().name("job-poller").unstarted(this::poll);
  private final ScheduledExecutorService leases = scheduler("job-leases");
  private final ScheduledExecutorService keeper = scheduler("job-keeper");
  private volatile boolean kicked;
  private volatile boolean told;
  private volatile boolean closing;

  /// What had less than there was room for; confined to the poller.
  private final Set<Lot> emptied = new HashSet<>();

  /// Whether claims may have been committed of which no answer came; confined to the poller, like
  /// what follows.
  private boolean missing;

  private long missingLookNanos;
  private long missingUntilNanos;
  private long clearedNanos;
  private boolean away;
  private boolean contended;

  /// Makes a dispatcher; [#start] starts its threads.
  ///
  /// @param owner stands for this run of this instance
  Dispatcher(JobBook book, ModelCall models, AnalysisSettings settings, UUID owner) {
    this.book = book;
    this.models = models;
    this.settings = settings;
    this.owner = owner;
    this.unserved = new UnservedWatch(models);
    this.sight = new Sight(settings.claimFor());
    this.lookForLost = new Coalesced(keeper, () -> safely(this::giveUpLost));
  }

  private static ScheduledExecutorService scheduler(String thread) {
    return Executors.newSingleThreadScheduledExecutor(
        Thread.ofPlatform().daemon().name(thread).factory());
  }

  void start() {
    book.onWork(this::work);
    book.onEnded(this::ended);
    poller.start();
    long third = settings.claimFor().toMillis() / 3;
    var _ =
        leases.scheduleWithFixedDelay(
            () -> safely(this::renew), third, third, TimeUnit.MILLISECONDS);
    long look = settings.lookEvery().toMillis();
    var _ =
        keeper.scheduleWithFixedDelay(() -> safely(this::look), look, look, TimeUnit.MILLISECONDS);
    var _ = keeper.scheduleWithFixedDelay(() -> safely(this::count), 0, 5, TimeUnit.SECONDS);
  }

  /// Gives what stands for this run of this instance.
  UUID owner() {
    return owner;
  }

  /// Gives what looks for jobs that nobody here can work on.
  UnservedWatch unserved() {
    return unserved;
  }

  /// Looks for jobs now instead of within a second.
  void kick() {
    kicked = true;
    LockSupport.unpark(poller);
  }

  /// Looks for jobs of all models and classes: there may be new ones.
  private void work() {
    told = true;
    kick();
  }

  /// Looks whether somebody else has called off what is worked on here.
  private void ended(List<UUID> jobs) {
    if (!closing && held.holdsAnyOf(jobs)) {
      lookForLost.ask();
    }
  }

  /// Gives up the work on jobs that have ended, or that somebody else has begun. What has been
  /// claimed anew since it looked stays.
  private void giveUpLost() {
    Map<UUID, HeldJobs.Hold> all = held.all();
    if (!all.isEmpty()) {
      for (UUID job : book.claims().lost(all)) {
        Objects.requireNonNull(all.get(job)).gone().complete(null);
      }
    }
  }

  /// Keeps the lease of a job that a request works on, until [#letGo]; what it gives tells when the
  /// job is lost.
  HeldJobs.Hold hold(UUID job) {
    return held.hold(job, ATTACHED_FENCE);
  }

  /// Keeps it no longer.
  ///
  /// @param then what [#hold] gave
  void letGo(UUID job, HeldJobs.Hold then) {
    held.letGo(job, then);
  }

  /// Tells whether nothing is held here.
  boolean isIdle() {
    return held.isEmpty();
  }

  /// Gives up the work on a job that was called off.
  void giveUp(UUID job) {
    held.giveUp(job);
  }

  /// Claims nothing more, lets what is in hand end for a while, and gives the rest back.
  @Override
  public void close() {
    closing = true;
    kick();
    join(poller);
    for (long looks = CLOSE_MAX.toNanos() / LOOK_NANOS; looks > 0 && !isIdle(); looks--) {
      LockSupport.parkNanos(LOOK_NANOS);
    }
    held.giveUpAll();
    keeper.shutdownNow();
    end(leases);
    safely(() -> {
      Set<String> callers = book.claims().letGo(owner);
      callers.forEach(book::tellOf);
      if (!callers.isEmpty()) {
        book.tellOfWork();
      }
    });
  }

  /// Waits for the renewal under way: a row that it has locked would not be given back.
  private static void end(ScheduledExecutorService leases) {
    leases.shutdown();
    try {
      var _ = leases.awaitTermination(RENEWAL_MAX.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    leases.shutdownNow();
  }

  private static void join(Thread thread) {
    try {
      thread.join(CLOSE_MAX);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void poll() {
    while (!closing) {
      kicked = false;
      boolean more = pass(this::claim);
      if (!more && !contended && !kicked && !closing) {
        LockSupport.parkNanos(this, POLL_NANOS);
      }
    }
  }

  /// Claims once, whatever goes wrong, and tells whether there may be more. Called by the poller;
  /// tests call it in its place.
  boolean pass(BooleanSupplier claim) {
    try {
      giveBackMissing();
      lookAtAllAgain();
      boolean more = claim.getAsBoolean();
      back();
      if (contended) {
        LockSupport.parkNanos(CONTENDED_NANOS);
      }
      return more;
    } catch (StoreException e) {
      someMayBeMissing();
      away(e);
    } catch (RuntimeException | Error e) {
      someMayBeMissing();
      LOG.error("event=job-poll-failed", e);
    }
    LockSupport.parkNanos(AFTER_A_FAULT_NANOS);
    return false;
  }

  private void someMayBeMissing() {
    long nowNanos = book.nanos();
    missing = true;
    missingLookNanos = nowNanos;
    missingUntilNanos = nowNanos + settings.claimFor().toNanos();
  }

  /// Gives back what a claim has brought whose answer never came: nobody works on it. Nobody but
  /// the poller claims, so that what this instance has in the store and does not hold is that. A
  /// claim may be committed after its connection broke, and is looked for as long as it holds.
  private void giveBackMissing() {
    long nowNanos = book.nanos();
    if (!missing || nowNanos - missingLookNanos < 0) {
      return;
    }
    List<JobDao.TakenBack> back = book.claims().giveBack(owner, held.all());
    missingLookNanos = nowNanos + POLL_NANOS;
    missing = nowNanos - missingUntilNanos < 0;
    if (!back.isEmpty()) {
      LOG.warn("event=job-claims-lost jobs={}", back.size());
      back.forEach(job -> book.tellChanged(job.id(), job.caller()));
      book.tellOfWork();
    }
  }

  /// Forgets what was emptied, where there may be more by now.
  private void lookAtAllAgain() {
    long nowNanos = book.nanos();
    if (told || nowNanos - clearedNanos >= POLL_NANOS) {
      told = false;
      clearedNanos = nowNanos;
      emptied.clear();
    }
  }

  private void away(StoreException fault) {
    if (!away) {
      LOG.error("event=job-poll-waiting cause=\"{}\"", fault.getMessage());
    }
    away = true;
  }

  private void back() {
    if (away) {
      LOG.info("event=job-poll-resumed");
    }
    away = false;
  }

  /// Claims what there is room for, most critical first, and tells whether that was anything.
  private boolean claim() {
    boolean any = false;
    contended = false;
    for (Target target : models.targets()) {
      int room = target.room();
      for (Criticality criticality : Criticality.values()) {
        Lot lot = new Lot(target.name(), target.version(), criticality);
        room -= inHand(lot).get();
        if (room > 0 && !emptied.contains(lot)) {
          JobDao.Claims claimed =
              book.claims()
                  .claim(
                      target.name(),
                      target.version(),
                      criticality,
                      room,
                      owner,
                      settings.claimFor());
          List<Claim> claims = claimed.claims();
          if (claimed.isContended()) {
            contended = true;
          } else if (claims.size() < room) {
            emptied.add(lot);
          }
          claims.forEach(this::begin);
          room -= claims.size();
          any |= !claims.isEmpty();
        }
      }
    }
    return any;
  }

  /// The jobs of one model version and class.
  private record Lot(String model, String version, Criticality criticality) {
    static Lot of(Claim claim) {
      return new Lot(claim.model(), claim.version(), claim.criticality());
    }
  }

  private AtomicInteger inHand(Lot lot) {
    return inHand.computeIfAbsent(lot, _ -> new AtomicInteger());
  }

  private void begin(Claim claim) {
    AtomicInteger inHand = inHand(Lot.of(claim));
    HeldJobs.Hold hold = held.hold(claim.id(), claim.fence());
    inHand.incrementAndGet();
    boolean begun = false;
    try {
      book.tellChanged(claim.id(), claim.caller());
      Worker counted = (job, gone) -> worked(job, gone, inHand);
      Thread.ofVirtual().name("job-" + claim.id()).start(() -> run(claim, hold, counted));
      begun = true;
    } finally {
      if (!begun) {
        held.letGo(claim.id(), hold);
        inHand.decrementAndGet();
      }
    }
  }

  private Work worked(Claim claim, CompletableFuture<@Nullable Void> gone, AtomicInteger inHand) {
    try {
      return work(claim, gone);
    } finally {
      inHand.decrementAndGet();
      kick();
    }
  }

  /// Works on a job in hand. Whatever is thrown, the job is not held for longer: what cannot be
  /// handed in is found by who sees its lease run out.
  void run(Claim claim, HeldJobs.Hold hold, Worker worker) {
    try {
      Work work = outcome(claim, hold, worker);
      // Nobody is shown what the audit trail does not tell; a gap stands for a row that is refused.
      var _ = work.recorded().handle((done, failure) -> failure == null).join();
      var _ =
          book.settle(work.settlement(), claim.caller())
              .whenComplete((done, failure) -> held.letGo(claim.id(), hold));
    } catch (RuntimeException | Error e) {
      held.letGo(claim.id(), hold);
      LOG.error("event=job-not-settled job={}", claim.id(), e);
    }
  }

  private Work outcome(Claim claim, HeldJobs.Hold hold, Worker worker) {
    try {
      return worker.on(claim, hold.gone());
    } catch (RuntimeException | Error e) {
      LOG.error("event=job-failed job={}", claim.id(), e);
      return Work.unasked(again(claim, "internal-error", "failed inside; the log tells what"));
    }
  }

  /// Works on a claim.
  @FunctionalInterface
  interface Worker {
    /// Works until there is an outcome.
    ///
    /// @param gone completes when the work is to be given up
    Work on(Claim claim, CompletableFuture<@Nullable Void> gone);
  }

  /// What came of a claim.
  ///
  /// @param recorded completes once the audit row of the inference is committed, or counted
  record Work(Settlement settlement, CompletableFuture<Void> recorded) {
    static Work unasked(Settlement settlement) {
      return new Work(settlement, CompletableFuture.completedFuture(null));
    }
  }

  private Work work(Claim claim, CompletableFuture<@Nullable Void> gone) {
    Optional<Target> target = models.find(claim.model(), claim.version());
    if (target.isEmpty()) {
      return Work.unasked(
          new Settlement.PutBack(claim.id(), claim.fence(), RETRY_MILLIS_MAX, true, null));
    }
    ModelCall.Answer answer =
        models.call(
            new ModelCall.Order(
                target.get(),
                claim.caller(),
                claim.study(),
                claim.criticality(),
                ModelCall.NO_DEADLINE,
                claim.input(),
                claim.traceparent()),
            gone);
    Settlement settlement =
        switch (answer) {
          case ModelCall.Given given -> {
            Ending ending = Endings.of(given);
            yield ending == null
                ? again(claim, "backend-unreadable", "the model's answer is not JSON in UTF-8")
                : new Settlement.Ended(claim.id(), claim.fence(), ending, 0);
          }
          case ModelCall.NotGiven not -> settlement(claim, not);
        };
    return new Work(settlement, answer.recorded());
  }

  private Settlement settlement(Claim claim, ModelCall.NotGiven not) {
    Refusal refusal = not.refusal();
    if (not.untried() || refusal.status() == GONE) {
      long pause = refusal.retryAfterNanos() / 1_000_000;
      return new Settlement.PutBack(
          claim.id(),
          claim.fence(),
          Math.clamp(pause, RETRY_MILLIS_MIN, RETRY_MILLIS_MAX),
          true,
          null);
    }
    boolean ofContent = refusal.status() < 500 && refusal.status() != 429;
    if (ofContent) {
      return new Settlement.Ended(
          claim.id(),
          claim.fence(),
          new Ending(
              JobState.FAILED,
              refusal.status(),
              Endings.BACKEND_REFUSED,
              refusal.message(),
              null,
              null),
          0);
    }
    String words = JobJson.told(not.words());
    return again(
        claim,
        refusal.reason() == null ? BACKEND_FAILED : refusal.reason(),
        words.isBlank() ? refusal.message() : refusal.message() + ": " + words);
  }

  /// Tries once more, after a pause that doubles, or gives up.
  private Settlement again(Claim claim, String reason, String detail) {
    if (claim.attempts() >= settings.attemptsMax()) {
      LOG.warn("event=job-dead job={} reason={} attempts={}", claim.id(), reason, claim.attempts());
      return new Settlement.Ended(
          claim.id(), claim.fence(), new Ending(JobState.DEAD, 0, reason, detail, null, null), 0);
    }
    long pause = Math.min(RETRY_MILLIS_MAX, 500L << Math.min(claim.attempts(), 10));
    return new Settlement.PutBack(claim.id(), claim.fence(), pause, false, detail);
  }

  private void renew() {
    Set<UUID> now = held.ids();
    if (!now.isEmpty()) {
      book.claims().renew(now, owner, settings.claimFor());
    }
  }

  /// Looks for what nobody has told of: jobs whose holders have gone, and jobs that others ended,
  /// those in hand here among them.
  /// What is in hand here is renewed before: after a standstill of this process its leases may have
  /// run out, and its work is alive all the same.
  private void look() {
    boolean isSure = sight.isSure(book.nanos());
    renew();
    if (isSure) {
      takeBack();
    }
    giveUpLost();
    Set<UUID> awaited = book.waiters().awaited();
    if (!awaited.isEmpty()) {
      book.waiters().wake(book.claims().ended(awaited));
    }
    book.lookForChanges();
    sight.looked(book.nanos());
  }

  private void takeBack() {
    List<JobDao.TakenBack> taken = book.claims().takeBack(settings.attemptsMax());
    if (!taken.isEmpty()) {
      long dead = taken.stream().filter(job -> job.state() == JobState.DEAD).count();
      LOG.warn("event=jobs-taken-over jobs={} dead={}", taken.size() - dead, dead);
      book.counts().takenOver(taken.size() - dead);
      for (JobDao.TakenBack job : taken) {
        if (job.state() == JobState.DEAD) {
          book.counts().ended(JobState.DEAD);
          book.tell(job.id(), job.caller());
        } else {
          book.tellChanged(job.id(), job.caller());
        }
      }
      book.tellOfWork();
    }
  }

  private void count() {
    unserved.look(book.count());
  }

  private void safely(Runnable work) {
    try {
      work.run();
    } catch (StoreException e) {
      LOG.debug("event=job-keeping-waits cause=\"{}\"", e.getMessage());
    } catch (RuntimeException | Error e) {
      LOG.error("event=job-keeping-failed", e);
    }
  }
}
