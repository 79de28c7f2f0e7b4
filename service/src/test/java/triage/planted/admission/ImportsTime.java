package triage.planted.admission;

/// Breaks no rule by itself, but is half of a cycle.
public final class ImportsTime {
  /// Nothing.
  public triage.planted.time.ImportsAdmission other;
}
