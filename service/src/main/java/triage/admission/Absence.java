package triage.admission;

/// Why a backend is out of rotation. Several may hold at once; it is back when none does.
public enum Absence {
  /// Its breaker is open.
  BREAKER_OPEN(Reason.BREAKER_OPEN, "breaker-open"),
  /// It said that it has too much to do, and when it wants to be asked again.
  RESTING(Reason.NO_BACKEND, "resting"),
  /// It does much worse than its peers.
  EJECTED(Reason.NO_BACKEND, "ejected"),
  /// It says of itself that it is not ready.
  NOT_READY(Reason.NO_BACKEND, "not-ready"),
  /// An operator took it out.
  DRAINED(Reason.NO_BACKEND, "draining");

  private final Reason reason;
  private final String wire;

  Absence(Reason reason, String wire) {
    this.reason = reason;
    this.wire = wire;
  }

  /// Gives what callers are told where no backend is left.
  public Reason reason() {
    return reason;
  }

  /// Gives the word for operators.
  public String wire() {
    return wire;
  }
}
