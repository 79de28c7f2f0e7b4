package triage.admission;

import org.jspecify.annotations.Nullable;

/// The last rounds of a [TunedLimit], each a [Phase] in which it stood at one level: what was
/// dispatched in one ends when the limit has gone on already.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class Rounds {
  /// The number of no round.
  static final long NONE = -1;

  /// How many are remembered at once; a power of two.
  private static final int KEPT = 16;

  private final Phase[] phases = new Phase[KEPT];
  private long current;
  private long judged;

  Rounds() {
    for (int i = 0; i < KEPT; i++) {
      phases[i] = new Phase();
    }
  }

  Phase now() {
    return of(current);
  }

  /// Gives the number of the present one.
  long number() {
    return current;
  }

  Phase of(long number) {
    return phases[(int) (number & KEPT - 1)];
  }

  /// Goes on to the next, which is to begin.
  Phase next() {
    current++;
    return now();
  }

  /// Judges nothing that was before the present one.
  void judgeFromNow() {
    judged = current;
  }

  /// Tells whether what was dispatched in a round still teaches when it ends.
  boolean teaches(long number) {
    return number != NONE && number >= judged - 1 && current - number < KEPT;
  }

  /// Tells whether there may be one more, beside those that are to be judged.
  boolean canGoOn() {
    return current - judged < KEPT - 2;
  }

  /// Takes the next two that are over and have taught something, to be judged; `null` if there are
  /// none.
  @Nullable Pair takePair() {
    while (judged + 1 < current && isOver(judged) && isOver(judged + 1)) {
      Phase one = of(judged);
      Phase two = of(judged + 1);
      Phase after = of(judged + 2);
      judged += 2;
      if (one.sampled() >= 1 && two.sampled() >= 1) {
        return Pair.of(one, two, after);
      }
    }
    return null;
  }

  /// Lets the later one of the last pair be the earlier one of the next.
  void takeLaterAgain() {
    judged--;
  }

  private boolean isOver(long number) {
    return of(number).outstanding() == 0 || current - number >= KEPT - 3;
  }
}
