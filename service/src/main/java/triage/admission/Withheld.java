package triage.admission;

/// Permits whose requests a backend refused: each is withheld for as long as a request usually
/// takes, and for a second at most.
///
/// A refusal is over at once. If its permit were free at once, the next would follow it into the
/// same refusal: a backend that is behind a rate limit, or has a queue of bounded length, would be
/// asked as fast as it can say no, and whoever waits would be spent on that.
///
/// **Units**: nanoseconds.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class Withheld {
  private static final long MOST_NANOS = 1_000_000_000L;

  /// When each is free, the soonest first: a ring.
  private long[] until = new long[16];

  private int first;
  private int count;

  /// Withholds a permit.
  ///
  /// @param nanos for how long; a second at most, and not at all where it is 0 or less
  void withhold(double nanos, long nowNanos) {
    long end = nowNanos + (long) Math.min(MOST_NANOS, nanos);
    if (end - nowNanos <= 0) {
      return;
    }
    if (count == until.length) {
      long[] more = new long[2 * count];
      for (int i = 0; i < count; i++) {
        more[i] = until[(first + i) & (count - 1)];
      }
      until = more;
      first = 0;
    }
    int mask = until.length - 1;
    int place = first + count++;
    // Sorted by when they are free: one whose request was refused late is free before others.
    for (; place > first && until[(place - 1) & mask] - end > 0; place--) {
      until[place & mask] = until[(place - 1) & mask];
    }
    until[place & mask] = end;
  }

  /// Gives for how long the first of them is withheld yet; 0 where none is.
  long leftNanos(long nowNanos) {
    return count(nowNanos) == 0 ? 0 : until[first] - nowNanos;
  }

  /// Gives how many are withheld now.
  int count(long nowNanos) {
    while (count > 0 && until[first] - nowNanos <= 0) {
      first = (first + 1) & (until.length - 1);
      count--;
    }
    return count;
  }
}
