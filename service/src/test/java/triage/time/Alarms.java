package triage.time;

/// Alarm clocks that ring when a test says so, by a time that it sets.
public final class Alarms {
  private Alarms() {}

  /// Gives an alarm clock that nobody watches.
  public static AlarmClock unwatched(MonotonicClock time) {
    return new AlarmClock(time);
  }

  /// Wakes all whose time has come.
  public static void ring(AlarmClock clock) {
    clock.wakeDue();
  }

  /// Gives how many threads wait.
  public static int sleeping(AlarmClock clock) {
    return clock.sleeping();
  }
}
