package triage.admission;

/// What the pairs of phases have said together: the mean elasticity, each weighed by its certainty,
/// and how much likelier room for more is than none.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class Evidence {
  /// The elasticity between idle slots and none.
  static final double KNEE = 0.5;

  /// How much likelier room must be than none before growth is taken up again, as a logarithm; and
  /// where the time held has risen already.
  private static final double ROOM_LIKELY = 4.5;

  private static final double ROOM_SURE = 8;

  /// How much of the evidence of earlier pairs still counts with the next, and after a jump.
  private static final double MEMORY = 0.8;

  private static final double MEMORY_OF_A_JUMP = 0.1;
  private static final double JUMP = 0.15;

  private double weight;
  private double mean = KNEE;
  private double ofRoom;
  private double lastExcess;

  /// Forgets all.
  void begin() {
    weight = 0;
    ofRoom = 0;
    mean = KNEE;
  }

  /// Adds a pair.
  ///
  /// @param excess of its higher level over the time without waiting, as a logarithm
  /// @param noise the variance of that
  void add(Elasticity elasticity, double excess, double noise) {
    if (Math.abs(excess - lastExcess) > JUMP + 3 * Math.sqrt(noise)) {
      weight *= MEMORY_OF_A_JUMP;
    }
    lastExcess = excess;
    weight = MEMORY * weight + elasticity.weight();
    mean += (elasticity.value() - mean) * elasticity.weight() / weight;
    ofRoom = Math.max(0, ofRoom + elasticity.inFavourOfRoom());
  }

  /// Tells whether there is room for more.
  ///
  /// @param slower whether the time held has risen
  boolean hasRoom(boolean slower) {
    return ofRoom > (slower ? ROOM_SURE : ROOM_LIKELY);
  }

  /// Gives the mean elasticity.
  double mean() {
    return mean;
  }

  /// Gives its standard error.
  double doubt() {
    return Math.sqrt(1 / weight);
  }
}
