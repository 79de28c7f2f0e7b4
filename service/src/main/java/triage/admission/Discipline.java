package triage.admission;

/// How a backend works on what it holds: in order, where who finds every slot taken waits for one,
/// or on all at once, which share its speed.
///
/// Times tell the two apart badly: both give what is added no more throughput. But only what is
/// being worked on can be overtaken ([Overtaking]). Where what is added waits, those that end have
/// overtaken no more than before; where it is worked on beside all others, more by as much as
/// there are more in flight. Pairs of levels between which throughput does not rise say so, little
/// by little. Where idle slots take what is added, as many more are overtaken in either case, and
/// nothing is learnt; nor where the work is so even that nobody overtakes anybody.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class Discipline {
  /// How much likelier it must be that speed is shared, as a logarithm, before it is taken for
  /// shared, and to stay so.
  private static final double LIKELY = 4;

  private static final double STILL_LIKELY = 1;

  /// How much of what earlier pairs said still counts with the next: what is not confirmed is
  /// forgotten in some tens of pairs.
  private static final double MEMORY = 0.95;

  /// How sure it can become of the one and of the other: a backend may be replaced by another.
  private static final double IN_ORDER_MOST = 3;

  private static final double SHARED_MOST = 8;

  /// What a pair says at most: the counts of those that end one after another are alike.
  private static final double PAIR_MOST = 2;

  private double inFavourOfSharing;
  private boolean shared;

  /// Learns from a pair of levels.
  ///
  /// @param elasticity how much of what was added bought no throughput
  void learn(Pair pair, Elasticity elasticity) {
    double sum = MEMORY * inFavourOfSharing + said(pair, elasticity);
    inFavourOfSharing = Math.clamp(sum, -IN_ORDER_MOST, SHARED_MOST);
    shared = inFavourOfSharing > (shared ? STILL_LIKELY : LIKELY);
  }

  private static double said(Pair pair, Elasticity elasticity) {
    Phase lower = pair.lower();
    Phase higher = pair.higher();
    if (lower.overtaken() == 0 || higher.overtaken() == 0) {
      return 0;
    }
    double ratio = pair.ratio();
    double rise = Math.log(higher.meanOvertaken() / lower.meanOvertaken()) / ratio;
    double inOrder = 1 - Math.clamp(elasticity.value(), 0, 1);
    double noise =
        (lower.overtakenNoise() + higher.overtakenNoise()) / (ratio * ratio)
            + elasticity.doubt() * elasticity.doubt();
    double said = (square(rise - inOrder) - square(rise - 1)) / (2 * noise);
    // An elasticity seen by chance would speak for sharing wherever idle slots take what is added.
    return Math.clamp(said, -PAIR_MOST, elasticity.isSurelyBeyond() ? PAIR_MOST : 0);
  }

  private static double square(double value) {
    return value * value;
  }

  /// Tells whether all that is in flight shares the backend's speed, as far as is known.
  boolean isShared() {
    return shared;
  }
}
