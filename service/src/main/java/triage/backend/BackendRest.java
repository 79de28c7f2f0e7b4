package triage.backend;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.admission.Absence;
import triage.time.MonotonicClock;

/// Lets one backend rest when it says that it has too much to do, for as long as it says.
///
/// It rests when it has refused three requests, each with a Retry-After, and answered none in
/// between: a backend that refuses some and serves others is at its limit, which is the limiter's
/// business. A rest lasts 30 s at most.
///
/// **Threads**: safe for use by several threads.
public final class BackendRest {
  private static final Logger LOG = LoggerFactory.getLogger(BackendRest.class);
  private static final int REFUSALS = 3;
  private static final long LONGEST_NANOS = 30_000_000_000L;

  private final String backend;
  private final Turnstile turnstile;
  private final int lane;
  private final MonotonicClock clock;
  private final ScheduledExecutorService timer;

  @GuardedBy("this")
  private int refusedInARow;

  @GuardedBy("this")
  private boolean resting;

  /// Makes the rest of a backend that is awake.
  ///
  /// @param backend the backend's name, for the log
  /// @param lane the backend's place at the gate
  /// @param timer runs the end of a rest; never used for long
  BackendRest(
      String backend,
      Turnstile turnstile,
      int lane,
      MonotonicClock clock,
      ScheduledExecutorService timer) {
    this.backend = backend;
    this.turnstile = turnstile;
    this.lane = lane;
    this.clock = clock;
    this.timer = timer;
  }

  /// Notes that the backend has done some work.
  public synchronized void worked() {
    refusedInARow = 0;
  }

  /// Notes that the backend has refused a request for having too much to do.
  ///
  /// @param retryAfterNanos when it wants to be asked again; 0 where it did not say
  public void refused(long retryAfterNanos) {
    if (retryAfterNanos <= 0) {
      return;
    }
    synchronized (this) {
      if (++refusedInARow < REFUSALS || resting) {
        return;
      }
      resting = true;
    }
    long restNanos = Math.min(retryAfterNanos, LONGEST_NANOS);
    LOG.warn("event=backend-rests backend={} restMs={}", backend, restNanos / 1_000_000);
    turnstile.close(lane, Absence.RESTING, clock.nanos() + restNanos);
    var _ = timer.schedule(this::end, restNanos, TimeUnit.NANOSECONDS);
  }

  private void end() {
    synchronized (this) {
      refusedInARow = 0;
      resting = false;
    }
    turnstile.open(lane, Absence.RESTING);
  }
}
