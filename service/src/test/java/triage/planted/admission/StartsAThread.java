package triage.planted.admission;

/// Breaks a rule: no threads in the core.
public final class StartsAThread {
  /// Starts one.
  public void start(Runnable task) {
    Thread.ofVirtual().start(task);
  }
}
