package triage.backend;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.client.Result;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.admission.Absence;
import triage.time.MonotonicClock;

/// Asks one model server again and again whether it is ready, and takes it out of rotation while it
/// is not: after two answers in a row that do not say so, or none in time; the first one that does
/// brings it back.
///
/// **Threads**: asks on the timer's thread and learns on the client's.
final class HttpProbe {
  private static final Logger LOG = LoggerFactory.getLogger(HttpProbe.class);
  private static final int FAILURES = 2;

  private final HttpBackend backend;
  private final HealthSettings settings;
  private final Turnstile turnstile;
  private final int lane;
  private final MonotonicClock clock;

  @GuardedBy("this")
  private int failuresInARow;

  @GuardedBy("this")
  private boolean out;

  HttpProbe(
      HttpBackend backend,
      HealthSettings settings,
      Turnstile turnstile,
      int lane,
      MonotonicClock clock) {
    this.backend = backend;
    this.settings = settings;
    this.turnstile = turnstile;
    this.lane = lane;
    this.clock = clock;
  }

  /// Begins to ask.
  void start(ScheduledExecutorService timer) {
    long intervalNanos = settings.interval().toNanos();
    var _ = timer.scheduleAtFixedRate(this::ask, 0, intervalNanos, TimeUnit.NANOSECONDS);
  }

  private void ask() {
    backend
        .probe(settings.path())
        .timeout(settings.timeout().toNanos(), TimeUnit.NANOSECONDS)
        .send(this::learn);
  }

  private void learn(Result result) {
    learned(result.isSucceeded() && result.getResponse().getStatus() / 100 == 2);
  }

  /// Notes whether the server said that it is ready.
  void learned(boolean ready) {
    boolean changed;
    synchronized (this) {
      failuresInARow = ready ? 0 : failuresInARow + 1;
      changed = out ? ready : failuresInARow >= FAILURES;
      out ^= changed;
    }
    if (!changed) {
      return;
    }
    LOG.warn("event=backend-{} backend={}", ready ? "ready" : "not-ready", backend.name());
    if (ready) {
      turnstile.open(lane, Absence.NOT_READY);
    } else {
      turnstile.close(lane, Absence.NOT_READY, clock.nanos() + settings.interval().toNanos());
    }
  }
}
