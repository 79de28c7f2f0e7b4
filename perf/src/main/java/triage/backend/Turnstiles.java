package triage.backend;

import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import triage.admission.GateSettings;
import triage.admission.LimitSettings;
import triage.time.MonotonicClock;

/// Turnstiles for measurements, which live outside the room that makes them.
///
/// It stands in the service's package, and in no jar of the service's: so the turnstile's
/// constructor stays closed to everybody else.
///
/// **Threads**: has no state but a timer that they all share, whose thread never ends.
public final class Turnstiles {
  private static final ScheduledExecutorService TIMER =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("turnstile-timer").daemon().factory());

  private Turnstiles() {}

  /// Makes a turnstile in front of one backend, on the clock that the service uses.
  ///
  /// @param waitingMax how many passes may wait at once
  public static Turnstile of(int waitingMax, LimitSettings limit) {
    return of(waitingMax, limit, System::nanoTime);
  }

  /// Makes a turnstile in front of one backend, on another clock.
  ///
  /// @param waitingMax how many passes may wait at once
  public static Turnstile of(int waitingMax, LimitSettings limit, MonotonicClock clock) {
    return new Turnstile(new GateSettings(waitingMax), List.of(limit), clock, TIMER);
  }
}
