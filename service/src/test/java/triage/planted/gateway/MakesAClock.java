package triage.planted.gateway;

import java.time.Clock;
import java.time.InstantSource;

/// Breaks a rule: the clock is given.
public final class MakesAClock {
  /// Gives a clock.
  public InstantSource clock() {
    return Clock.systemUTC();
  }
}
