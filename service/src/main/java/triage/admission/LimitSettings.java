package triage.admission;

/// How many requests a backend may hold at once: a fixed number, or whatever the gate finds out.
///
/// @param fixed whether the limit stays at `most`
/// @param most the limit, or the most that a self-tuning one may reach; 1 to 10,000
public record LimitSettings(boolean fixed, int most) {
  /// The most that a self-tuning limit reaches where the settings say nothing.
  public static final int MOST_DEFAULT = 2_000;

  private static final String AUTO = "auto";

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

  /// Gives the limit of a text from outside, which no message repeats: a number, or `auto`.
  ///
  /// @throws IllegalArgumentException saying what there may be
  public static LimitSettings checked(String text) {
    if (text.equals(AUTO)) {
      return selfTuning(MOST_DEFAULT);
    }
    if (!text.matches("[1-9][0-9]{0,4}") || Integer.parseInt(text) > 10_000) {
      throw new IllegalArgumentException("limit: unknown (expected: 1 to 10000, or auto)");
    }
    return fixed(Integer.parseInt(text));
  }

  /// Gives the text of this limit: a number, or `auto`.
  public String wire() {
    return fixed ? Integer.toString(most) : AUTO;
  }
}
