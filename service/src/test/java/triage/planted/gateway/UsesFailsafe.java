package triage.planted.gateway;

/// Breaks a rule: Failsafe out of its place.
public final class UsesFailsafe {
  /// Nothing.
  public Object use() {
    return dev.failsafe.CircuitBreaker.ofDefaults();
  }
}
