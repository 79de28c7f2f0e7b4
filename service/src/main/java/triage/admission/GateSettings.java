package triage.admission;

/// The bounds of a gate.
///
/// @param waitingMax how many requests may wait at once; 1 to 1,000,000
/// @param reserved what share of the dispatches each class is sure of
public record GateSettings(int waitingMax, ReservedShares reserved) {
  /// Gives such bounds with the usual shares.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  public GateSettings(int waitingMax) {
    this(waitingMax, ReservedShares.DEFAULTS);
  }

  /// Checks the bounds.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  public GateSettings {
    if (waitingMax < 1 || waitingMax > 1_000_000) {
      throw new IllegalArgumentException(
          "waitingMax: " + waitingMax + " (expected: 1 to 1,000,000)");
    }
  }
}
