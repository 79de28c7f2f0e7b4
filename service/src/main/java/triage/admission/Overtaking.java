package triage.admission;

/// Which of the last dispatches to a backend are outstanding, to count whom a request that ends has
/// overtaken: those that were dispatched before it and have not ended.
///
/// Only what is being worked on can be overtaken; what waits at the backend was dispatched later.
/// So the share of the others that are overtaken stays the same as more are in flight, whatever
/// their work takes, and falls once some of them wait.
///
/// At most so many of the last are known; the earliest is forgotten for a later one.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class Overtaking {
  /// What [#end] gives where it is not known.
  static final int UNKNOWN = -1;

  private static final int MOST = 8_192;
  private static final int BITS = Long.SIZE;

  private final long[] words = new long[MOST / BITS];
  private long next;
  private long oldest;
  private int outstanding;

  /// Notes a dispatch, and gives its number.
  long begin() {
    if (next - oldest == MOST) {
      remove(oldest);
    }
    words[word(next)] |= 1L << next;
    outstanding++;
    return next++;
  }

  /// Notes an end.
  ///
  /// @param number of the dispatch
  /// @return how many it has overtaken, or [#UNKNOWN]
  int end(long number) {
    if (number < oldest || (words[word(number)] & 1L << number) == 0) {
      return UNKNOWN;
    }
    int overtaken = countBefore(number);
    remove(number);
    return overtaken;
  }

  /// Gives how many are outstanding.
  int outstanding() {
    return outstanding;
  }

  /// Forgets all.
  void clear() {
    while (oldest < next) {
      remove(oldest);
    }
  }

  private int countBefore(long number) {
    int count = 0;
    for (long from = oldest; from < number; from = (from / BITS + 1) * BITS) {
      long seen = words[word(from)] & -1L << from;
      if (from / BITS == number / BITS) {
        seen &= ~(-1L << number);
      }
      count += Long.bitCount(seen);
    }
    return count;
  }

  private void remove(long number) {
    words[word(number)] &= ~(1L << number);
    outstanding--;
    while (oldest < next && (words[word(oldest)] & 1L << oldest) == 0) {
      oldest++;
    }
  }

  private static int word(long number) {
    return (int) (number % MOST / BITS);
  }
}
