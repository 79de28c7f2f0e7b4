package triage.admission;

/// What a gate is told of one backend.
///
/// @param limit how many requests it may hold at once
/// @param weight how much of the load it should have in comparison with its peers, all else equal;
///     0.01 to 100
public record LaneSettings(LimitSettings limit, double weight) {
  /// Checks the range.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  public LaneSettings {
    if (!(weight >= 0.01 && weight <= 100)) {
      throw new IllegalArgumentException("weight: " + weight + " (expected: 0.01 to 100)");
    }
  }
}
