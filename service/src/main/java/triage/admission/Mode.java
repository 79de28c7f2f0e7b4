package triage.admission;

/// How far a gate or the door acts upon its own decisions.
///
/// The wire names are those of settings, the admin task, metrics and audit rows.
public enum Mode {
  /// Decides nothing: everybody passes.
  OFF("off"),
  /// Decides and counts, and lets everybody pass: what would have been shed is seen beforehand.
  OBSERVE("observe"),
  /// Acts upon its decisions; the default.
  ENFORCE("enforce");

  private final String wire;

  Mode(String wire) {
    this.wire = wire;
  }

  /// Gives the name in settings, tasks, metrics and audit rows.
  public String wire() {
    return wire;
  }

  /// Gives the mode of a name.
  ///
  /// @throws IllegalArgumentException naming the value and the names there are
  public static Mode of(String wire) {
    return named(wire, wire);
  }

  /// Gives the mode of a name from outside, which no message repeats.
  ///
  /// @throws IllegalArgumentException naming the names there are
  public static Mode checked(String wire) {
    return named(wire, "unknown");
  }

  private static Mode named(String wire, String shown) {
    for (Mode mode : values()) {
      if (mode.wire.equals(wire)) {
        return mode;
      }
    }
    throw new IllegalArgumentException("mode: " + shown + " (expected: off, observe or enforce)");
  }
}
