package triage.admission;

/// Which level of a [TunedLimit] comes next: each other one is the lower, and between them stands
/// the higher, or now and then one below the lower.
///
/// The pair of lower and higher tells whether there is room. Beyond the capacity the two of them
/// cost as much time in proportion wherever they stand, so that they do not tell how far beyond.
/// The level below does: there nothing is lost in time if the lower one is the capacity, and
/// everything if that is beyond it.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class Turns {
  /// A level, by its place.
  enum Level {
    BELOW,
    LOWER,
    HIGHER
  }

  /// What a look below has shown of the lower level.
  enum Look {
    /// It is the capacity: nothing waits there.
    CAPACITY,
    /// It is beyond: all that was added to the one below only waits.
    BEYOND,
    /// Neither for sure.
    UNSURE,
    /// Nothing, since others than those who can be held back filled both levels.
    NOTHING
  }

  /// How many looks there are at first, one right after another.
  private static final int FIRST = 4;

  /// Each how many turns a look is due later: while it is not known where the capacity is, each
  /// other one, so that room is found all the same; and otherwise.
  private static final int SOON = 2;

  private static final int SELDOM = 16;

  /// After how many looks in a row that said nothing for sure there is none for a while.
  private static final int UNSURE_MAX = 4;

  /// How much longer the lower level lasts once it is confirmed.
  private static final double STEADY = 6;

  private Level now = Level.HIGHER;
  private boolean confirmed;
  private int turns;
  private int lookAt;
  private int unsure;
  private int looks;

  Turns() {
    begin();
  }

  /// Begins again, with the higher level.
  void begin() {
    now = Level.HIGHER;
    confirmed = false;
    turns = 0;
    lookAt = 1;
    unsure = 0;
    looks = 0;
  }

  /// Gives where the limit stands.
  Level now() {
    return now;
  }

  /// Goes on.
  ///
  /// @param atLower whether the limit stands at the lower level, which may have moved
  /// @param looksBelow whether to look below at all
  Level next(boolean atLower, boolean looksBelow) {
    if (!atLower) {
      now = Level.LOWER;
    } else if (++turns >= lookAt && looksBelow) {
      now = Level.BELOW;
      looks++;
      lookAt = turns + (confirmed ? SELDOM : soon());
    } else {
      now = Level.HIGHER;
    }
    return now;
  }

  /// Notes what a look below has shown.
  void looked(Look look) {
    confirmed = look == Look.CAPACITY;
    unsure = look == Look.UNSURE ? unsure + 1 : 0;
    boolean rests = confirmed || look == Look.NOTHING || unsure >= UNSURE_MAX;
    lookAt = turns + (rests ? SELDOM : soon());
    unsure = rests ? 0 : unsure;
  }

  private int soon() {
    return looks < FIRST ? 1 : SOON;
  }

  /// Gives how much longer than usual the present level lasts.
  double lasting() {
    return confirmed && now == Level.LOWER ? STEADY : 1;
  }
}
