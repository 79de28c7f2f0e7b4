package triage.planted.backend;

/// Breaks a rule: Jersey out of its place.
@jakarta.ws.rs.Path("/")
public final class UsesResourceAnnotations {
  /// Breaks no rule: backends have breakers.
  public dev.failsafe.CircuitBreaker<Object> breaker;
}
