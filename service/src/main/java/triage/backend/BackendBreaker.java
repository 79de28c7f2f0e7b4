package triage.backend;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.failsafe.CircuitBreaker;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
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
/// once.
///
/// A caller whose requests alone make it fail, while others are answered, does not open it
/// ([CallerFaults]).
///
/// Whether it is open is for Failsafe to say; the ramp after it has closed is the gate's.
///
/// **Threads**: safe for use by several threads.
public final class BackendBreaker {
  private static final Logger LOG = LoggerFactory.getLogger(BackendBreaker.class);
  private static final int HUNG_MIN = 3;

  private final String backend;
  private final BreakerSettings settings;
  private final Turnstile turnstile;
  private final int lane;
  private final MonotonicClock clock;
  private final ScheduledExecutorService timer;
  private final CircuitBreaker<Object> breaker;

  @GuardedBy("this")
  private final CallerFaults faults = new CallerFaults();

  @GuardedBy("this")
  private int inFlight;

  @GuardedBy("this")
  private long quietSinceNanos;

  @GuardedBy("this")
  private int silentInARow;

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
  /// @param lane the backend's place at the gate
  /// @param timer runs the end of an outage; never used for long
  BackendBreaker(
      String backend,
      BreakerSettings settings,
      Turnstile turnstile,
      int lane,
      MonotonicClock clock,
      ScheduledExecutorService timer) {
    this.backend = backend;
    this.settings = settings;
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

  /// Tells whether an admitted exchange may go on to the backend. One that may must be followed by
  /// exactly one of [#succeeded], [#failed], [#timedOut] and [#abandoned].
  public boolean begin() {
    if (!breaker.tryAcquirePermit()) {
      return false;
    }
    synchronized (this) {
      if (inFlight++ == 0) {
        quietSinceNanos = clock.nanos();
      }
    }
    return true;
  }

  /// Notes that a byte of a response has come.
  public synchronized void progressed() {
    quietSinceNanos = clock.nanos();
    silentInARow = 0;
  }

  /// Ends an exchange that the backend answered, whatever it said of the content.
  ///
  /// @param caller who asked
  public void succeeded(String caller) {
    synchronized (this) {
      inFlight--;
      succeeded++;
      faults.answered(caller, clock.nanos());
    }
    breaker.recordSuccess();
  }

  /// Ends an exchange that the backend failed once it had been reached. Where it fails this caller
  /// only, and answers others, that may be for what the caller sent, and says nothing about the
  /// backend.
  ///
  /// @param caller who asked
  public void failed(String caller) {
    boolean callersOwn;
    synchronized (this) {
      callersOwn = faults.failed(caller, clock.nanos());
    }
    if (callersOwn) {
      abandoned();
    } else {
      failed();
    }
  }

  /// Ends an exchange that the backend failed, whoever asked.
  public void failed() {
    synchronized (this) {
      inFlight--;
      failed++;
    }
    breaker.recordFailure();
  }

  /// Ends an exchange whose deadline passed. It counts as failed if it was the trial after an
  /// outage, and shows a backend that hangs.
  ///
  /// @param timeout how long the exchange had
  public void timedOut(Duration timeout) {
    boolean hung = endSilent(timeout);
    if (breaker.isHalfOpen()) {
      breaker.recordFailure();
    } else if (hung && breaker.isClosed()) {
      LOG.warn("event=backend-hung backend={}", backend);
      breaker.open();
    }
  }

  /// Ends an exchange that says nothing about the backend: it was given up, or the backend said
  /// that it has too much to do. As the trial after an outage it counts as failed, since a trial
  /// must end.
  public void abandoned() {
    end();
    if (breaker.isHalfOpen()) {
      breaker.recordFailure();
    }
  }

  /// Ends an exchange at its deadline, and tells whether it shows that the backend hangs.
  private synchronized boolean endSilent(Duration timeout) {
    long boundNanos = Math.max(settings.hungAfter().toNanos(), timeout.toNanos());
    // A deadline fires a little after its moment; the start of quiet lies a little before the first
    // exchange: a tenth of slack keeps the two from missing each other.
    boolean silent = clock.nanos() - quietSinceNanos >= boundNanos - boundNanos / 10;
    if (silent) {
      silentInARow++;
    }
    boolean hung = silent && (inFlight >= HUNG_MIN || silentInARow >= HUNG_MIN);
    inFlight--;
    return hung;
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

  private synchronized void end() {
    inFlight--;
  }
}
