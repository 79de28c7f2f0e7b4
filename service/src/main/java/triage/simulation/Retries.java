package triage.simulation;

/// How callers try again when they were not served: shed, refused, failed or too late.
///
/// @param tries how often a request is tried in all; 1 to 10
/// @param pauseSeconds between the end of one try and the next
/// @param budget how many more tries there may be, as a share of the first ones; three are always
///     allowed
public record Retries(int tries, double pauseSeconds, double budget) {
  /// Nobody tries again.
  public static final Retries NONE = new Retries(1, 0, 0);

  private static final int FREE = 3;

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the value and the rule
  public Retries {
    if (tries < 1 || tries > 10) {
      throw new IllegalArgumentException("tries: " + tries + " (expected: 1 to 10)");
    }
    if (!(pauseSeconds >= 0 && budget >= 0)) {
      throw new IllegalArgumentException(
          "pauseSeconds, budget: " + pauseSeconds + ", " + budget + " (expected: >= 0)");
    }
  }

  /// Gives tries without a budget.
  public static Retries unlimited(int tries, double pauseSeconds) {
    return new Retries(tries, pauseSeconds, Double.POSITIVE_INFINITY);
  }

  /// Tells whether there is to be another try.
  ///
  /// @param attempt the number of the try that has ended, from 1
  /// @param retries how many there have been in the run
  /// @param firsts how many first tries there have been in the run
  boolean allow(int attempt, long retries, long firsts) {
    return attempt < tries && retries < FREE + budget * firsts;
  }
}
