package triage.admission;

/// What the end of a dispatch says about the backend.
enum Ending {
  /// It was served.
  SERVED(true, false),
  /// Its deadline passed at the backend, although most of its time was the backend's.
  LATE(true, true),
  /// Its deadline passed at the backend, but it had waited for most of its time at the gate, or had
  /// far less than others have, and would have been late at a fast backend, too.
  LATE_ANYWAY(true, false),
  /// The backend said at once that it has too much to do.
  REFUSED(false, true),
  /// It says nothing: it failed, or the caller went away.
  SILENT(false, false);

  private final boolean timed;
  private final boolean late;

  Ending(boolean timed, boolean late) {
    this.timed = timed;
    this.late = late;
  }

  /// Tells whether the time held is one of work at the backend.
  boolean isTimed() {
    return timed;
  }

  /// Tells whether it speaks for a limit that is too high.
  boolean isLate() {
    return late;
  }
}
