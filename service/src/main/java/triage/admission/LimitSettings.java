package triage.admission;

/// How many requests a backend may hold at once: a fixed number, or whatever the gate finds out.
///
/// @param fixed whether the limit stays at `most`
/// @param most the limit, or the most that a self-tuning one may reach; 1 to 10,000
public record LimitSettings(boolean fixed, int most) {
  /// The most that a self-tuning limit reaches where the settings say nothing.
  public static final int MOST_DEFAULT = 2_000;

  /// Checks the range.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  public LimitSettings {
    if (most < 1 || most > 10_000) {
      throw new IllegalArgumentException("limit: " + most + " (expected: 1 to 10,000)");
    }
  }

  /// Gives a limit that stays as it is.
  public static LimitSettings fixed(int limit) {
    return new LimitSettings(true, limit);
  }

  /// Gives a limit that tunes itself and never exceeds `most`.
  public static LimitSettings selfTuning(int most) {
    return new LimitSettings(false, most);
  }
}
