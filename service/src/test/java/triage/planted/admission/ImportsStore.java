package triage.planted.admission;

/// Breaks the plan: the pure core knows no store.
public final class ImportsStore {
  /// Nothing.
  public triage.planted.store.Shelf[] shelves;
}
