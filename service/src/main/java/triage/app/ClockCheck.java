package triage.app;

import com.codahale.metrics.health.HealthCheck;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import triage.time.MonotonicClock;

/// Whether the wall clock can be trusted: it must run as the monotonic clock does.
///
/// A step of more than a second since the last look (somebody set the clock, the machine slept)
/// makes the check fail once, so that it shows in a watcher's history. Audit rows and tokens depend
/// on the wall clock.
///
/// **Threads**: safe for use by several threads.
final class ClockCheck extends HealthCheck {
  private static final Duration STEP_MAX = Duration.ofSeconds(1);

  private final MonotonicClock monotonic;
  private final InstantSource wall;

  @GuardedBy("this")
  private long lastNanos;

  @GuardedBy("this")
  private Instant lastInstant;

  ClockCheck(MonotonicClock monotonic, InstantSource wall) {
    this.monotonic = monotonic;
    this.wall = wall;
    this.lastNanos = monotonic.nanos();
    this.lastInstant = wall.instant();
  }

  @Override
  protected synchronized Result check() {
    long nanos = monotonic.nanos();
    Instant instant = wall.instant();
    Duration step = Duration.between(lastInstant, instant).minusNanos(nanos - lastNanos);
    lastNanos = nanos;
    lastInstant = instant;
    if (step.abs().compareTo(STEP_MAX) > 0) {
      return Result.unhealthy(
          "the wall clock stepped by %d ms since the last look", step.toMillis());
    }
    return Result.healthy();
  }
}
