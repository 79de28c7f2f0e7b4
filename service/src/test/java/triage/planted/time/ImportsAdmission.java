package triage.planted.time;

/// Breaks the plan, and closes a cycle: time imports no room.
public final class ImportsAdmission {
  /// Nothing.
  public triage.planted.admission.ImportsTime other;

  /// Breaks no rule: this is the room of clocks.
  public long nanos() {
    return System.nanoTime();
  }
}
