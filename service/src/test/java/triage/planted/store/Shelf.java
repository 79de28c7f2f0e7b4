package triage.planted.store;

/// Breaks no rule.
public final class Shelf {
  /// Nothing.
  public org.jdbi.v3.core.Jdbi jdbi;
}
