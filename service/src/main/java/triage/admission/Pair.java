package triage.admission;

/// Two rounds one after the other, at two levels, by what was in flight.
///
/// @param lower the one with less in flight
/// @param higher the other
/// @param perNano how many ended in a nanosecond while they lasted
record Pair(Phase lower, Phase higher, double perNano) {
  /// Below this the levels are too close together to be compared.
  private static final double RATIO_MIN = 0.05;

  /// Puts two rounds together.
  ///
  /// @param after the round after both
  static Pair of(Phase one, Phase two, Phase after) {
    double perNano =
        Math.max(1, after.endedBefore() - one.endedBefore())
            / (double) Math.max(1, after.startedNanos() - one.startedNanos());
    return one.inFlight() < two.inFlight()
        ? new Pair(one, two, perNano)
        : new Pair(two, one, perNano);
  }

  /// Gives by how much more was in flight at the higher level, as a logarithm.
  double ratio() {
    return Math.log(higher.inFlight() / lower.inFlight());
  }

  boolean isComparable() {
    return ratio() >= RATIO_MIN;
  }

  /// Tells whether one of the levels is only looked at, below the usual.
  boolean isLook() {
    return lower.isBelow() || higher.isBelow();
  }
}
