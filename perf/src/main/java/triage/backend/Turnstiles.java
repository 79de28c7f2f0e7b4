package triage.backend;

import java.util.List;
import triage.admission.GateSettings;
import triage.admission.LimitSettings;

/// Turnstiles for measurements, which live outside the room that makes them.
///
/// It stands in the service's package, and in no jar of the service's: so the turnstile's
/// constructor stays closed to everybody else.
///
/// **Threads**: has no state.
public final class Turnstiles {
  private Turnstiles() {}

  /// Makes a turnstile in front of one backend, on the clock that the service uses.
  ///
  /// @param waitingMax how many passes may wait at once
  public static Turnstile of(int waitingMax, LimitSettings limit) {
    return new Turnstile(new GateSettings(waitingMax), List.of(limit), System::nanoTime);
  }
}
