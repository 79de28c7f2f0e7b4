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

  /// Each how many pairs look below, once that has confirmed the lower level.
  private static final int LOOK_EVERY = 16;

  /// How much longer the lower level then lasts.
  private static final double STEADY = 6;

  private Level now = Level.HIGHER;
  private boolean confirmed;
  private int pairs;

  /// Begins again, with the higher level.
  void begin() {
    now = Level.HIGHER;
    confirmed = false;
    pairs = 0;
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
    } else {
      pairs++;
      boolean due = !confirmed || pairs % LOOK_EVERY == 0;
      now = looksBelow && due ? Level.BELOW : Level.HIGHER;
    }
    return now;
  }

  /// Notes what a look below has shown.
  ///
  /// @param isCapacity whether nothing was waiting at the lower level
  void looked(boolean isCapacity) {
    confirmed = isCapacity;
  }

  /// Gives how much longer than usual the present level lasts.
  double lasting() {
    return confirmed && now == Level.LOWER ? STEADY : 1;
  }
}
