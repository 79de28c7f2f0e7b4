package triage.time;

/// A clock that only runs forward: for waits, deadlines and service times.
///
/// **Units**: nanoseconds since an arbitrary origin; only differences mean anything, and they may
/// be compared by subtraction only, since the value may overflow.
@FunctionalInterface
public interface MonotonicClock {

  /// Gives the nanoseconds that have passed since this clock's origin.
  long nanos();

  /// Gives the clock of this machine.
  static MonotonicClock system() {
    return System::nanoTime;
  }
}
