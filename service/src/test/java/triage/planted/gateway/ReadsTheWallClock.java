package triage.planted.gateway;

import java.time.Instant;

/// Breaks a rule: the time is given.
public final class ReadsTheWallClock {
  /// Gives the time.
  public Instant now() {
    return Instant.now();
  }
}
