package triage.planted.admission;

/// Breaks two rules: the time is an argument.
public final class ReadsTheClock {
  /// Gives the time.
  public long nanos() {
    return System.nanoTime();
  }
}
