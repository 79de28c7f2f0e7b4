package triage.backend;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.failsafe.CircuitBreaker;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.admission.Absence;
import triage.time.MonotonicClock;

/// The breaker of one backend: takes it out of rotation when it fails or hangs, and lets one
/// request try again after a while.
///
/// Slow is not failed: a deadline that passes while other exchanges complete is not counted. A
/// backend *hangs* when not one byte has come back for a while on three or more exchanges, be they
/// in flight together or, where the limit is lower, one after the other; then the breaker opens at
/// once. Only an exchange that has itself had twice the time of the slowest answer of late has a
/// say in that, so that a caller in a hurry says nothing of a backend that is at work for others;
/// but for a silence of the model's whole `timeout`, of which every deadline tells.
///
/// A caller whose requests alone make it fail, while others are answered, does not open it
/// ([CallerFaults]).
///
/// What began before it opened says nothing of the backend since.
///
/// Whether it is open is for Failsafe to say; the ramp after it has closed is the gate's.
///
/// **Threads**: safe for use by several threads.
public final class BackendBreaker {
  private static final Logger LOG = LoggerFactory.getLogger(BackendBreaker.class);
  private static final int HUNG_MIN = 3;

  /// How much of what it was longer than the next the time of a slow answer loses with that.
  private static final int FORGOTTEN = 32;

  private final String backend;
  private final BreakerSettings settings;
  private final long timeoutNanos;
  private final Turnstile turnstile;
  private final int lane;
  private final MonotonicClock clock;
  private final ScheduledExecutorService timer;
  private final CircuitBreaker<Object> breaker;

  @GuardedBy("this")
  private final CallerFaults faults = new CallerFaults();

  /// What the backend may be working on: what waits for its caller is not among them.
  @GuardedBy("this")
  private final Set<Attempt> inFlight = new HashSet<>();

  /// Since when not a byte has come, less the times at which nothing was in flight.
  @GuardedBy("this")
  private long quietSinceNanos;

  /// How long not a byte had come when the last one in flight ended.
  @GuardedBy("this")
  private long quietNanos;

  @GuardedBy("this")
  private int silentInARow;

  /// The time of the slowest answer of late; 0 before the first.
  @GuardedBy("this")
  private long slowestNanos;

  /// How often it has opened.
  @GuardedBy("this")
  private int openings;

  /// The latest by which it finds out whether the backend is back, as long as it has its place.
  @GuardedBy("this")
  private @Nullable Attempt latestTrial;

  /// How often it had opened when a trial said whether the backend is back.
  @GuardedBy("this")
  private int decided = -1;

  /// Whether another trial may be made: one has ended that said nothing, or waits long for its
  /// caller.
  @GuardedBy("this")
  private boolean trialLeft;

  @GuardedBy("this")
  private long succeeded;

  @GuardedBy("this")
  private long failed;

  /// How many exchanges have ended, and said something about the backend.
  ///
  /// @param succeeded how many it answered, whatever it said of the content
  /// @param failed how many it failed
  record Counts(long succeeded, long failed) {}

  /// Makes a closed breaker.
  ///
  /// @param backend the backend's name, for the log
  /// @param timeout how long the model's callers wait who do not say
  /// @param lane the backend's place at the gate
  /// @param timer runs the end of an outage; never used for long
  BackendBreaker(
      String backend,
      BreakerSettings settings,
      Duration timeout,
      Turnstile turnstile,
      int lane,
      MonotonicClock clock,
      ScheduledExecutorService timer) {
    this.backend = backend;
    this.settings = settings;
    this.timeoutNanos = timeout.toNanos();
    this.turnstile = turnstile;
    this.lane = lane;
    this.clock = clock;
    this.timer = timer;
    this.breaker =
        CircuitBreaker.builder()
            .withFailureThreshold(settings.failures(), settings.of())
            .withSuccessThreshold(1)
            .withDelay(settings.openFor())
            .onOpen(event -> opened())
            .onClose(event -> LOG.info("event=breaker-closed backend={}", backend))
            .build();
  }

  private void opened() {
    synchronized (this) {
      openings++;
    }
    LOG.warn(
        "event=breaker-opened backend={} openForMs={}", backend, settings.openFor().toMillis());
    long openNanos = settings.openFor().toNanos();
    turnstile.close(lane, Absence.BREAKER_OPEN, clock.nanos() + openNanos);
    // A millisecond more, so that Failsafe's own delay is over for certain.
    var _ =
        timer.schedule(
            () -> turnstile.open(lane, Absence.BREAKER_OPEN),
            openNanos + 1_000_000,
            TimeUnit.NANOSECONDS);
  }

  /// Gives an exchange that has not begun.
  ///
  /// @param caller who asks
  public Attempt attempt(String caller) {
    return new Attempt(this, caller);
  }

  boolean begin(Attempt attempt) {
    boolean again = takeTrial() && breaker.isHalfOpen();
    if (!again && !breaker.tryAcquirePermit()) {
      return false;
    }
    boolean trial = again || breaker.isHalfOpen();
    synchronized (this) {
      attempt.openings = openings;
      if (trial) {
        latestTrial = attempt;
      }
      works(attempt);
    }
    return true;
  }

  synchronized void awaitsCaller(Attempt attempt) {
    attempt.waits++;
    if (attempt.waits > 0) {
      rests(attempt);
    }
  }

  synchronized void leavesTrial(Attempt attempt) {
    attempt.left = isTrial(attempt);
    leaveTrial(attempt);
  }

  @GuardedBy("this")
  private void rests(Attempt attempt) {
    if (inFlight.remove(attempt) && inFlight.isEmpty()) {
      quietNanos = clock.nanos() - quietSinceNanos;
    }
  }

  synchronized void goesOn(Attempt attempt) {
    attempt.waits--;
    if (attempt.waits == 0 && !attempt.ended) {
      works(attempt);
    }
  }

  /// Gives how many it may be working on.
  synchronized int atWork() {
    return inFlight.size();
  }

  @GuardedBy("this")
  private void works(Attempt attempt) {
    attempt.beganNanos = clock.nanos();
    if (inFlight.isEmpty()) {
      quietSinceNanos = attempt.beganNanos - quietNanos;
    }
    inFlight.add(attempt);
  }

  private synchronized boolean takeTrial() {
    boolean left = trialLeft;
    trialLeft = false;
    return left;
  }

  synchronized void progressed() {
    quietSinceNanos = clock.nanos();
    quietNanos = 0;
    silentInARow = 0;
  }

  /// Learns the usual time: longer at once, shorter by and by, so that quick answers between slow
  /// ones do not make it forget these.
  synchronized void answering(Attempt attempt) {
    attempt.answering = true;
    long nanos = clock.nanos() - attempt.beganNanos;
    slowestNanos = Math.max(nanos, slowestNanos - (slowestNanos - nanos) / FORGOTTEN);
  }

  synchronized boolean isTrial(Attempt attempt) {
    return counts(attempt) && breaker.isHalfOpen();
  }

  void endsTrial(Attempt attempt) {
    boolean ends;
    synchronized (this) {
      ends = isTrial(attempt) && decides(attempt);
    }
    if (ends) {
      breaker.recordSuccess();
    }
  }

  void succeeded(Attempt attempt, String caller) {
    boolean decides;
    synchronized (this) {
      decides = decides(attempt);
      end(attempt);
      succeeded++;
      faults.answered(caller, clock.nanos());
    }
    if (decides) {
      breaker.recordSuccess();
    }
  }

  void failed(Attempt attempt, String caller) {
    boolean callersOwn;
    synchronized (this) {
      callersOwn = faults.failed(caller, clock.nanos());
    }
    if (callersOwn) {
      refused(attempt);
    } else {
      failed(attempt);
    }
  }

  void failed(Attempt attempt) {
    boolean decides;
    synchronized (this) {
      decides = decides(attempt);
      end(attempt);
      failed++;
    }
    if (decides) {
      breaker.recordFailure();
    }
  }

  /// Tells whether the end of an exchange is for Failsafe to know, and notes that it will. Of two
  /// trials that end at the same moment it is that of the first: what Failsafe was told of the
  /// other might close the breaker again behind the gate's back.
  @GuardedBy("this")
  private boolean decides(Attempt attempt) {
    boolean halfOpen = breaker.isHalfOpen();
    if (!counts(attempt) || (halfOpen && decided == openings)) {
      leaveTrial(attempt);
      return false;
    }
    if (halfOpen) {
      decided = openings;
      latestTrial = null;
    }
    return true;
  }

  /// Tells whether the end of an exchange says anything of the backend as it is now: not where it
  /// began before the breaker opened. While that is half-open only trials have begun since.
  @GuardedBy("this")
  private boolean counts(Attempt attempt) {
    return attempt.openings == openings;
  }

  void timedOut(Attempt attempt) {
    boolean telling;
    boolean hung;
    synchronized (this) {
      telling = isTelling(attempt);
      hung = telling && isHang(attempt);
      end(attempt);
    }
    endTrial(attempt, telling);
    if (hung && breaker.isClosed()) {
      LOG.warn("event=backend-hung backend={}", backend);
      breaker.open();
    }
  }

  void abandoned(Attempt attempt) {
    boolean telling;
    synchronized (this) {
      telling = isTelling(attempt);
      end(attempt);
    }
    endTrial(attempt, telling);
  }

  void neverSent(Attempt attempt) {
    synchronized (this) {
      end(attempt);
    }
    endTrial(attempt, false);
  }

  void refused(Attempt attempt) {
    synchronized (this) {
      end(attempt);
    }
    endTrial(attempt, true);
  }

  /// Ends a trial that was not answered: as a failure, or so that the next exchange is the trial.
  private void endTrial(Attempt attempt, boolean failure) {
    boolean failed;
    synchronized (this) {
      failed = failure && isTrial(attempt) && decides(attempt);
      if (!failed) {
        leaveTrial(attempt);
      }
    }
    if (failed) {
      breaker.recordFailure();
    }
  }

  /// Lets the next exchange be a trial where this one is the latest: it may not tell for long, or
  /// at all. The latter is one that began between Failsafe's opening of the breaker and the count
  /// of that, which a pause of this process may part by more than the breaker is open.
  @GuardedBy("this")
  private void leaveTrial(Attempt attempt) {
    if (latestTrial == attempt && breaker.isHalfOpen()) {
      latestTrial = null;
      trialLeft = true;
    }
  }

  /// Tells whether an exchange says something about the backend by having no answer: it has had the
  /// time that one takes, or nobody has got a byte for so long that whoever asks may say so. But
  /// for a trial that was waited for: the silence meanwhile may be that of the one in its place.
  @GuardedBy("this")
  private boolean isTelling(Attempt attempt) {
    long now = clock.nanos();
    boolean hadTime = now - attempt.beganNanos >= nearly(ampleNanos());
    long quiet = now - quietSinceNanos;
    return inFlight.contains(attempt)
        && !attempt.answering
        && (hadTime
            || (!(attempt.left && inFlight.size() > 1)
                && quiet >= nearly(Math.max(2 * slowestNanos, timeoutNanos))));
  }

  /// Tells whether an exchange that is telling, and ends at its deadline, shows that the backend
  /// hangs.
  @GuardedBy("this")
  private boolean isHang(Attempt late) {
    long now = clock.nanos();
    long ampleNanos = nearly(ampleNanos());
    long boundNanos = Math.max(settings.hungAfter().toNanos(), now - late.beganNanos);
    boolean silent = now - quietSinceNanos >= Math.max(nearly(boundNanos), ampleNanos);
    if (!silent || !counts(late)) {
      return false;
    }
    silentInARow++;
    return silentInARow >= HUNG_MIN || waiting(now - ampleNanos) >= HUNG_MIN;
  }

  /// Gives how many in flight that say something began so long ago.
  @GuardedBy("this")
  private int waiting(long untilNanos) {
    int count = 0;
    for (Attempt each : inFlight) {
      if (counts(each) && each.beganNanos - untilNanos <= 0) {
        count++;
      }
    }
    return count;
  }

  /// Gives a time in which an answer is to be expected: twice that of the slowest, but no more than
  /// the model's timeout, as long as that is a quarter more.
  @GuardedBy("this")
  private long ampleNanos() {
    long mostNanos = Math.max(timeoutNanos, slowestNanos + slowestNanos / 4);
    return slowestNanos == 0 ? mostNanos : Math.min(2 * slowestNanos, mostNanos);
  }

  /// Gives a tenth less: a deadline fires a little after its moment, and the start of quiet lies a
  /// little before the first exchange.
  private static long nearly(long nanos) {
    return nanos - nanos / 10;
  }

  /// Gives the counts since the start.
  synchronized Counts counts() {
    return new Counts(succeeded, failed);
  }

  /// Gives the word for its state: `closed`, `open` or `half-open`.
  public String state() {
    return switch (breaker.getState()) {
      case CLOSED -> "closed";
      case OPEN -> "open";
      case HALF_OPEN -> "half-open";
    };
  }

  @GuardedBy("this")
  private void end(Attempt attempt) {
    attempt.ended = true;
    rests(attempt);
  }
}
