package triage.planted.audit;

import java.util.function.LongSupplier;

/// Breaks a rule: a reference to a method is as good as a call.
public final class RefersToTheClock {
  /// Gives a clock.
  public LongSupplier clock() {
    return System::currentTimeMillis;
  }
}
