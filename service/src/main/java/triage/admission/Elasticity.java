package triage.admission;

/// How much of an increase in flight at a backend went into waiting: 0 where idle slots took it
/// all, 1 where it bought no throughput.
///
/// It is seen in two ways. By Little's law the *times* of permits grow as the number in flight
/// does, where nothing else grows. And the *throughput* does not; that is what shows at a backend
/// which shares its speed among all, where the times of one phase are mixed with those of the next.
///
/// @param value the elasticity
/// @param doubt its standard error
record Elasticity(double value, double doubt) {
  /// What is added to the variance of the two ways together: they share their noise.
  private static final double SHARED = 1.2;

  private static final double FULL_MIN = 0.8;
  private static final double FULL_MAX = 4;
  private static final double SCATTER_MIN = 0.1;
  private static final double IMPOSSIBLY_LOW = -0.5;
  private static final double IMPOSSIBLY_HIGH = 4;

  /// Gives the elasticity of the times held.
  ///
  /// Where the work is uneven, a wait that is short beside the mean is long beside most requests,
  /// and moves the mean logarithm by more than the number in flight has grown. The rise is
  /// therefore taken as a share of what it would be if all that were added had waited.
  static Elasticity ofTimes(Pair pair, FreeTime free, long nowNanos) {
    Phase lower = pair.lower();
    Phase higher = pair.higher();
    double ratio = pair.ratio();
    double waited = free.waitedNanos(free.excess(lower.logHeld(nowNanos)));
    double added = (higher.inFlight() - lower.inFlight()) / pair.perNano();
    double full = (free.rise(waited + added) - free.rise(waited)) / ratio;
    double share = ratio * Math.clamp(full, FULL_MIN, FULL_MAX);
    return new Elasticity(
        (higher.logHeld(nowNanos) - lower.logHeld(nowNanos)) / share,
        Math.sqrt(lower.logNoise() + higher.logNoise()) / share);
  }

  /// Gives the elasticity of the times held where all that is in flight shares the backend's speed:
  /// what is added stretches every time alike.
  static Elasticity ofSharedTimes(Pair pair, long nowNanos) {
    Phase lower = pair.lower();
    Phase higher = pair.higher();
    double ratio = pair.ratio();
    return new Elasticity(
        (higher.logHeld(nowNanos) - lower.logHeld(nowNanos)) / ratio,
        Math.sqrt(lower.logNoise() + higher.logNoise()) / ratio);
  }

  /// Gives the elasticity of the throughput.
  ///
  /// @param scatter the squared coefficient of variation of the work
  static Elasticity ofThroughput(Pair pair, double scatter) {
    Phase lower = pair.lower();
    Phase higher = pair.higher();
    double ratio = pair.ratio();
    double noise = Math.max(SCATTER_MIN, scatter) * (1.0 / lower.served() + 1.0 / higher.served());
    return new Elasticity(
        1 - Math.log(higher.perNano() / lower.perNano()) / ratio, Math.sqrt(noise) / ratio);
  }

  /// Gives what both say together, each by its certainty.
  Elasticity with(Elasticity other) {
    double all = weight() + other.weight();
    return new Elasticity(
        (weight() * value + other.weight() * other.value) / all, Math.sqrt(SHARED / all));
  }

  /// Gives the certainty: one over the variance.
  double weight() {
    return 1 / (doubt * doubt);
  }

  /// Gives how much likelier this is where idle slots take more than where nothing does, as a
  /// logarithm.
  double inFavourOfRoom() {
    return (1 - 2 * value) / (2 * doubt * doubt);
  }

  /// Tells whether surely most of what was added bought no throughput.
  boolean isSurelyBeyond() {
    return value - doubt > Evidence.KNEE;
  }

  /// Tells whether the work must have changed between the two phases.
  boolean isImpossible() {
    return value < IMPOSSIBLY_LOW - 2 * doubt || value > IMPOSSIBLY_HIGH + 2 * doubt;
  }
}
