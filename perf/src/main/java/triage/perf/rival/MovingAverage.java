package triage.perf.rival;

/// An average that forgets: plain over its first ten values, then exponentially weighted.
///
/// **Source**: failsafe-go/failsafe-go, `internal/util/average.go`.
///
/// **Threads**: confined to one.
final class MovingAverage {
  private static final int WARM_UP = 10;

  private final double weight;
  private int count;
  private double sum;
  private double value;

  /// A value of that age, counted in values, weighs about a seventh of a new one.
  MovingAverage(int age) {
    weight = 2.0 / (age + 1);
  }

  /// Adds a value and gives the average with it.
  double add(double newest) {
    if (count < WARM_UP) {
      count++;
      sum += newest;
      value = sum / count;
    } else {
      value = value * (1 - weight) + newest * weight;
    }
    return value;
  }
}
