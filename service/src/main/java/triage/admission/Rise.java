package triage.admission;

/// By how much longer permits were held in a round of growth than in the one before, which is free
/// of an error in the reference.
///
/// @param step by how much more was in flight, as a logarithm
/// @param log by how much longer permits were held, as a logarithm
/// @param doubt the standard error of that
record Rise(double step, double log, double doubt) {
  /// The least step that shows that times do not rise with it.
  private static final double STEP_MIN = 0.3;

  /// What was seen of a round that is over.
  ///
  /// @param inFlight how many were in flight
  /// @param log the mean logarithm of the time held
  /// @param noise the variance of that
  record Seen(double inFlight, double log, double noise) {
    static final Seen NOTHING = new Seen(0, 0, 0);

    static Seen of(Phase phase, long nowNanos) {
      return new Seen(phase.inFlight(), phase.logHeld(nowNanos), phase.logNoise());
    }
  }

  static Rise between(Seen before, Seen now) {
    return new Rise(
        Math.log(now.inFlight() / before.inFlight()),
        now.log() - before.log(),
        Math.sqrt(now.noise() + before.noise()));
  }

  /// Tells whether times do not rise with what is in flight, even if they rise by as much as they
  /// may.
  boolean isFlat() {
    return step > STEP_MIN && (log + doubt) / step < Evidence.KNEE;
  }

  /// Gives the least that it is.
  double sure() {
    return log - doubt;
  }
}
