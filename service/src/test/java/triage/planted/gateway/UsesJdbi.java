package triage.planted.gateway;

/// Breaks a rule: JDBI out of its place.
public final class UsesJdbi {
  /// Nothing.
  public void use(org.jdbi.v3.core.Jdbi jdbi) {}
}
