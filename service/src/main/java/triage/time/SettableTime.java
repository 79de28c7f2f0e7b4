package triage.time;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/// Both clocks in one, standing still until told otherwise: the twin that tests and simulations
/// use.
///
/// **Threads**: safe for use by several threads.
public final class SettableTime implements MonotonicClock, InstantSource {
  private final Instant origin;
  private final AtomicLong elapsedNanos = new AtomicLong();

  /// Makes a clock that shows `origin`, with its monotonic side at zero.
  public SettableTime(Instant origin) {
    this.origin = origin;
  }

  /// Moves both clocks forward.
  ///
  /// @throws IllegalArgumentException if `step` is negative: time runs forward only
  public void advance(Duration step) {
    if (step.isNegative()) {
      throw new IllegalArgumentException("step: " + step + " (expected: >= 0)");
    }
    elapsedNanos.addAndGet(step.toNanos());
  }

  @Override
  public long nanos() {
    return elapsedNanos.get();
  }

  @Override
  public Instant instant() {
    return origin.plusNanos(elapsedNanos.get());
  }
}
