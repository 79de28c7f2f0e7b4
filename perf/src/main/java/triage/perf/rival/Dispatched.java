package triage.perf.rival;

import java.util.Arrays;

/// One number for each request in flight, found again by the time of its dispatch.
///
/// Libraries hand out a permit that remembers something; a [Rival] is told only the time of the
/// dispatch. Of requests dispatched in the same nanosecond any may be taken for any other.
///
/// An open-addressed table with linear probing, at most half full; no garbage unless it grows.
///
/// **Threads**: confined to one.
final class Dispatched {
  private static final long EMPTY = Long.MIN_VALUE;

  private long[] starts = new long[64];
  private int[] numbers = new int[64];
  private int size;

  Dispatched() {
    Arrays.fill(starts, EMPTY);
  }

  /// Remembers a number for a request dispatched at that time.
  void put(long startNanos, int number) {
    if (size * 2 >= starts.length) {
      grow();
    }
    int slot = home(startNanos);
    while (starts[slot] != EMPTY) {
      slot = next(slot);
    }
    starts[slot] = startNanos;
    numbers[slot] = number;
    size++;
  }

  /// Gives and forgets the number of a request dispatched at that time.
  ///
  /// **Errors**: none in flight is a bug of the caller.
  int take(long startNanos) {
    int slot = home(startNanos);
    while (starts[slot] != startNanos) {
      if (starts[slot] == EMPTY) {
        throw new IllegalStateException("nothing in flight was dispatched at " + startNanos);
      }
      slot = next(slot);
    }
    int number = numbers[slot];
    closeGap(slot);
    size--;
    return number;
  }

  /// How many are in flight.
  int size() {
    return size;
  }

  /// Moves back whatever a probe from its home would no longer reach over an empty slot.
  private void closeGap(int freed) {
    int gap = freed;
    for (int slot = next(gap); starts[slot] != EMPTY; slot = next(slot)) {
      int home = home(starts[slot]);
      boolean reachable = gap <= slot ? gap < home && home <= slot : gap < home || home <= slot;
      if (!reachable) {
        starts[gap] = starts[slot];
        numbers[gap] = numbers[slot];
        gap = slot;
      }
    }
    starts[gap] = EMPTY;
  }

  private void grow() {
    long[] oldStarts = starts;
    int[] oldNumbers = numbers;
    starts = new long[oldStarts.length * 2];
    numbers = new int[oldStarts.length * 2];
    Arrays.fill(starts, EMPTY);
    size = 0;
    for (int slot = 0; slot < oldStarts.length; slot++) {
      if (oldStarts[slot] != EMPTY) {
        put(oldStarts[slot], oldNumbers[slot]);
      }
    }
  }

  private int home(long startNanos) {
    long mixed = startNanos * 0x9E3779B97F4A7C15L;
    return (int) (mixed >>> 32) & (starts.length - 1);
  }

  private int next(int slot) {
    return (slot + 1) & (starts.length - 1);
  }
}
