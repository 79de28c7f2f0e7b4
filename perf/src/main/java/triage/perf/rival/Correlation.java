package triage.perf.rival;

/// How two series moved together over their last fifty pairs.
///
/// Zero while there are fewer than ten pairs, and while one of the series varies by less than 1 %.
///
/// **Source**: failsafe-go/failsafe-go, `internal/util/windows.go`.
///
/// **Threads**: confined to one.
final class Correlation {
  private static final int PAIRS = 50;
  private static final int WARM_UP = 10;
  private static final double VARIATION_MIN = 0.01;

  private final double[] xs = new double[PAIRS];
  private final double[] ys = new double[PAIRS];
  private int size;
  private int oldest;
  private double sumX;
  private double sumY;
  private double sumXX;
  private double sumYY;
  private double sumXY;
  private double variationY;

  /// Adds a pair and gives the coefficient, -1 to 1.
  double add(double x, double y) {
    if (size == PAIRS) {
      move(xs[oldest], ys[oldest], -1);
    } else {
      size++;
    }
    xs[oldest] = x;
    ys[oldest] = y;
    oldest = (oldest + 1) % PAIRS;
    move(x, y, 1);
    return coefficient();
  }

  /// The standard deviation of the second series over its mean, as of the last pair; zero where
  /// there are too few pairs.
  double variationY() {
    return variationY;
  }

  private void move(double x, double y, int sign) {
    sumX += sign * x;
    sumY += sign * y;
    sumXX += sign * x * x;
    sumYY += sign * y * y;
    sumXY += sign * x * y;
  }

  private double coefficient() {
    double meanX = sumX / size;
    double meanY = sumY / size;
    double varianceX = sumXX / size - meanX * meanX;
    double varianceY = sumYY / size - meanY * meanY;
    if (size < WARM_UP || varianceX < 0 || varianceY < 0) {
      variationY = 0;
      return 0;
    }
    double variationX = Math.sqrt(varianceX) / meanX;
    variationY = Math.sqrt(varianceY) / meanY;
    if (variationX < VARIATION_MIN || variationY < VARIATION_MIN) {
      return 0;
    }
    double covariance = sumXY / size - meanX * meanY;
    return covariance / (Math.sqrt(varianceX) * Math.sqrt(varianceY));
  }
}
