package triage.perf.stress;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import triage.time.MonotonicClock;

/// A clock that goes on by a tick whenever it is looked at, once it was started: so that time
/// passes between two steps of an actor, and how much does not depend on the machine.
///
/// **Threads**: safe for use by several threads.
final class TickingClock implements MonotonicClock {
  static final Duration TICK = Duration.ofNanos(1_000);

  private final AtomicLong nanos = new AtomicLong();
  private volatile long tickNanos;

  /// Lets it tick from now on.
  void start() {
    tickNanos = TICK.toNanos();
  }

  /// Moves it forward.
  void advance(Duration step) {
    nanos.addAndGet(step.toNanos());
  }

  @Override
  public long nanos() {
    return nanos.addAndGet(tickNanos);
  }
}
