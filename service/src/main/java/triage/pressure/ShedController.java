package triage.pressure;

/// Turns pressure into the fraction of arrivals that is to be shed.
///
/// The greatest signal is smoothed, fast upwards (0.3 s) and slowly downwards (1.5 s). Its excess
/// over 1 drives a proportional and an integral part. Nothing is shed before the pressure has
/// exceeded 1, in two readings in a row: a single one may be chance; between 0.9 and 1 the fraction
/// falls only as the integral does; below 0.9 it is let go, the faster the more room there is:
/// within a second where two thirds are left.
///
/// The integral stops where the fraction is at its bounds, and an excess counts up to 1 at most, so
/// that after a storm of any size nothing has to be unwound (anti-windup).
///
/// **Units**: times in nanoseconds; the gains per second.
///
/// **Threads**: confined to one thread.
final class ShedController {
  /// The largest fraction: some must pass, or nothing would show that the pressure is over.
  static final double FRACTION_MAX = 0.98;

  private static final double ATTACK_NANOS = 0.3e9;
  private static final double RELEASE_NANOS = 1.5e9;
  private static final double LET_GO_NANOS = 0.15e9;
  private static final double LET_GO_BELOW = 0.9;
  private static final double PRESSURE_MAX = 2;
  private static final double PROPORTIONAL = 0.5;
  private static final double INTEGRAL_PER_NANO = 1e-9;
  private static final double FRACTION_LEAST = 0.01;
  private static final int HIGH_MIN = 2;

  private double pressure;
  private double integral;
  private double fraction;
  private int highInARow;
  private long lastNanos;
  private boolean begun;

  /// Gives the fraction to shed.
  ///
  /// @param now the greatest signal as a share of its set point
  /// @param most the largest fraction that can help
  double update(double now, double most, long nowNanos) {
    double bound = Math.min(most, FRACTION_MAX);
    double passed = begun ? Math.max(0, nowNanos - lastNanos) : 0;
    begun = true;
    lastNanos = nowNanos;
    double capped = Math.min(now, PRESSURE_MAX);
    highInARow = now > 1 ? highInARow + 1 : 0;
    boolean chance = fraction == 0 && highInARow < HIGH_MIN;
    double constant = capped > pressure ? ATTACK_NANOS : RELEASE_NANOS;
    pressure += (capped - pressure) * -Math.expm1(-passed / constant);
    if (pressure < LET_GO_BELOW) {
      double room = Math.max(0, LET_GO_BELOW - capped) / LET_GO_BELOW;
      integral *= Math.exp(-passed * room / LET_GO_NANOS);
      fraction = integral;
    } else {
      double excess = pressure - 1;
      if (excess < 0 || fraction < bound) {
        integral += excess * INTEGRAL_PER_NANO * passed;
      }
      integral = Math.clamp(integral, 0, bound);
      fraction = integral + PROPORTIONAL * Math.max(0, excess);
    }
    fraction = Math.min(fraction, bound);
    if (chance) {
      integral = 0;
      fraction = 0;
    }
    if (fraction < FRACTION_LEAST) {
      fraction = 0;
    }
    return fraction;
  }

  /// Gives the smoothed pressure.
  double pressure() {
    return pressure;
  }
}
