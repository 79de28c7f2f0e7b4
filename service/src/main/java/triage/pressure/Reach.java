package triage.pressure;

import java.util.OptionalDouble;
import java.util.OptionalLong;

/// How much of what arrives it may help to shed: where others use the CPU, shedding cannot win it
/// back.
///
/// The *own share* is this process's part of the CPU in use where it could run short: in the
/// control group with a quota, else on the machine. With a share of 0.45 or more there is no bound,
/// since a process that competes with others for all CPUs gets no more; with one of 0.2 or less the
/// share itself is the bound.
///
/// **Threads**: confined to one thread.
final class Reach {
  /// The share from which on there is no bound, and the one up to which it is the bound.
  private static final double FREE = 0.45;

  private static final double BOUND = 0.3;
  private static final double SMOOTHED_NANOS = 1e9;

  private final Counter own = new Counter();
  private double ownRate;
  private double allRate;
  private long lastNanos;
  private boolean known;

  /// Takes a reading into account.
  ///
  /// @param ownNanos the CPU time of this process so far
  /// @param inUse how many CPUs were in use since the last reading
  void update(OptionalLong ownNanos, OptionalDouble inUse, long nowNanos) {
    OptionalDouble rate = own.rate(ownNanos, nowNanos);
    if (rate.isEmpty() || inUse.isEmpty()) {
      known = false;
      lastNanos = nowNanos;
      return;
    }
    double weight = known ? -Math.expm1(-(nowNanos - lastNanos) / SMOOTHED_NANOS) : 1;
    known = true;
    lastNanos = nowNanos;
    ownRate += weight * (rate.getAsDouble() - ownRate);
    allRate += weight * (inUse.getAsDouble() - allRate);
  }

  /// Gives the own share, 0 to 1; nothing where it cannot be known.
  OptionalDouble ownShare() {
    return known && allRate > 0
        ? OptionalDouble.of(Math.clamp(ownRate / allRate, 0, 1))
        : OptionalDouble.empty();
  }

  /// Gives the largest fraction of arrivals that may be shed for want of CPU.
  static double of(OptionalDouble ownShare) {
    double share = ownShare.orElse(1);
    double between = Math.clamp((share - BOUND) / (FREE - BOUND), 0, 1);
    double bound = Math.min(share, BOUND);
    return bound + between * (ShedController.FRACTION_MAX - bound);
  }
}
