package triage.pressure;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import triage.time.MonotonicClock;

/// How late an executor begins what it is given: probes that do nothing, and the delay that 90 of
/// 100 of them stay below. A probe that has not begun counts with its age, so that an executor that
/// stands still shows while it does.
///
/// At most 32 probes are on their way at once.
///
/// **Threads**: safe for use by several threads; probes begin on the executor's.
final class Lateness implements Sensor {
  private static final int PROBES = 32;
  private static final double PART = 0.9;
  private static final double NANOS_PER_SECOND = 1e9;

  private final Executor executor;
  private final MonotonicClock clock;

  @GuardedBy("this")
  private final long[] sentNanos = new long[PROBES];

  /// What each took; -1 while it has not begun.
  @GuardedBy("this")
  private final long[] tookNanos = new long[PROBES];

  @GuardedBy("this")
  private int sent;

  /// Makes a sensor; the first probe is sent by [#probe].
  Lateness(Executor executor, MonotonicClock clock) {
    this.executor = executor;
    this.clock = clock;
  }

  /// Sends one probe, unless as many as may be are on their way.
  void probe() {
    int place;
    long now = clock.nanos();
    synchronized (this) {
      place = sent % PROBES;
      if (sent >= PROBES && tookNanos[place] < 0) {
        return;
      }
      sent = sent + 1 < 2 * PROBES ? sent + 1 : PROBES;
      sentNanos[place] = now;
      tookNanos[place] = -1;
    }
    try {
      executor.execute(() -> begun(place));
    } catch (RejectedExecutionException e) {
      // The executor has ended, and this program will.
      begun(place);
    }
  }

  private synchronized void begun(int place) {
    tookNanos[place] = Math.max(0, clock.nanos() - sentNanos[place]);
  }

  @Override
  public OptionalDouble read(long nowNanos) {
    long[] ages;
    synchronized (this) {
      ages = new long[Math.min(sent, PROBES)];
      for (int i = 0; i < ages.length; i++) {
        ages[i] = tookNanos[i] < 0 ? Math.max(0, nowNanos - sentNanos[i]) : tookNanos[i];
      }
    }
    if (ages.length == 0) {
      return OptionalDouble.empty();
    }
    Arrays.sort(ages);
    int index = (int) Math.ceil(PART * ages.length) - 1;
    return OptionalDouble.of(ages[index] / NANOS_PER_SECOND);
  }
}
