package triage.admission;

/// Whether a backend is shared by those who wait for an answer and by those who can wait: requests
/// with a deadline, and jobs without one.
///
/// Both must have been dispatched lately: within twenty times the time that a permit is held, and
/// ten seconds at least.
///
/// **Units**: nanoseconds.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class Sharing {
  private static final double LATELY = 20;
  private static final double LATELY_NANOS_MIN = 10e9;

  private boolean seenPatient;
  private boolean seenPressed;
  private long patientNanos;
  private long pressedNanos;

  /// Notes a dispatch.
  ///
  /// @param patient whether it can wait
  void note(boolean patient, long nowNanos) {
    if (patient) {
      seenPatient = true;
      patientNanos = nowNanos;
    } else {
      seenPressed = true;
      pressedNanos = nowNanos;
    }
  }

  /// Tells whether both have been dispatched lately.
  ///
  /// @param heldNanos the usual time that a permit is held
  boolean isShared(double heldNanos, long nowNanos) {
    double lately = Math.max(LATELY_NANOS_MIN, LATELY * heldNanos);
    return seenPatient
        && seenPressed
        && nowNanos - patientNanos < lately
        && nowNanos - pressedNanos < lately;
  }
}
