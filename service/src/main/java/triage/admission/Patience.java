package triage.admission;

/// How long callers usually wait for an answer, and what of that a backend may use up.
///
/// **Units**: nanoseconds.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class Patience {
  /// The share of the usual patience that the time held may come to by growth, and by the first of
  /// all once some rounds of it have shown no waiting.
  private static final double USED = 0.5;

  private static final double USED_AT_FIRST = 0.8;

  /// The share of it below which a caller is in a hurry.
  private static final double HURRIED = 0.25;

  /// How far a single caller may be off the usual to count for as much as it is.
  private static final double FAR = 8;

  private double usualNanos;
  private double answeredShare = 1;

  /// Notes how much time a caller has left; a single one that is far off does not carry the usual
  /// away.
  ///
  /// @param nanos [Long#MAX_VALUE] where it has as long as it takes
  /// @param weight of one caller
  void note(long nanos, double weight) {
    if (nanos == Long.MAX_VALUE) {
      return;
    }
    double bounded =
        usualNanos == 0 ? nanos : Math.clamp((double) nanos, usualNanos / FAR, usualNanos * FAR);
    usualNanos += (usualNanos == 0 ? 1 : weight) * (bounded - usualNanos);
  }

  /// Notes after which share of the time that a permit was held its answer began.
  ///
  /// @param weight of one caller
  void noteAnswered(double share, double weight) {
    answeredShare += weight * (share - answeredShare);
  }

  /// Tells whether a caller had so much less time than is usual that it says nothing when it ends
  /// too late: callers in a hurry must not brake the limit for all.
  boolean isHurried(long nanos) {
    return nanos < HURRIED * usualNanos;
  }

  /// Gives how many may be in flight if all beyond what is there now would only wait; infinite
  /// where nobody has a deadline. What the rest of a stream takes after its answer has begun uses
  /// up nobody's patience.
  double bearable(Phase from, long nowNanos) {
    return bearable(USED, from, nowNanos);
  }

  /// Gives the same for the first growth once it has come some way: where calls take a third of
  /// what callers wait, it would go on by a quarter a round else, for dozens of calls.
  double bearableAtFirst(Phase from, long nowNanos) {
    return bearable(USED_AT_FIRST, from, nowNanos);
  }

  private double bearable(double used, Phase from, long nowNanos) {
    return usualNanos == 0
        ? Double.POSITIVE_INFINITY
        : from.inFlight()
            * (used * usualNanos / Math.exp(from.logHeld(nowNanos)) + (1 - answeredShare));
  }
}
