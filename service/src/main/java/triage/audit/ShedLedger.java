package triage.audit;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Counts sheds alike within windows of 10 s: under overload there are too many for a row each.
///
/// Every shed is counted exactly once, also while counts are being handed over: counting and taking
/// are operations of the map on that one key. Beyond `keysMax` keys new ones are counted together
/// by reason, and beyond twice that, when the store has been away for long, as a gap. How many
/// there are is an estimate while several threads count.
///
/// **Threads**: safe for use by several threads; counting holds one bin of the map for as long as
/// an increment takes.
final class ShedLedger {
  /// The length of a window.
  static final Duration WINDOW = Duration.ofSeconds(10);

  /// How often one thing was shed within one window.
  record Count(Instant windowStart, ShedKey key, long n) {}

  private record Cell(long window, ShedKey key) {}

  private final int keysMax;
  private final GapLedger gaps;
  private final ConcurrentMap<Cell, long[]> counts = new ConcurrentHashMap<>();

  /// Makes a ledger that tells `keysMax` keys apart.
  ShedLedger(int keysMax, GapLedger gaps) {
    this.keysMax = keysMax;
    this.gaps = gaps;
  }

  /// Counts one shed.
  void count(ShedKey key, Instant at) {
    long window = Math.floorDiv(at.toEpochMilli(), WINDOW.toMillis());
    Cell cell = new Cell(window, key);
    if (counts.size() >= keysMax && !counts.containsKey(cell)) {
      cell = new Cell(window, key.other());
      if (counts.size() >= 2 * keysMax && !counts.containsKey(cell)) {
        gaps.count(GapCause.SHEDS_UNCOUNTED, at, 1);
        return;
      }
    }
    add(cell, 1);
  }

  /// Gives the counts of the windows that ended before `now` to `outlet`, until it says false: no
  /// room. What it did not take stays.
  void handOver(Instant now, Predicate<Count> outlet) {
    handOverBefore(Math.floorDiv(now.toEpochMilli(), WINDOW.toMillis()), outlet);
  }

  /// Gives all counts to `outlet`, also those of the window that has not ended.
  void handOverAll(Predicate<Count> outlet) {
    handOverBefore(Long.MAX_VALUE, outlet);
  }

  /// Gives how many keys are being counted.
  int keys() {
    return counts.size();
  }

  private void handOverBefore(long window, Predicate<Count> outlet) {
    for (Cell cell : counts.keySet()) {
      if (cell.window() >= window) {
        continue;
      }
      long @Nullable [] n = counts.remove(cell);
      if (n == null) {
        continue;
      }
      Instant start = Instant.ofEpochMilli(cell.window() * WINDOW.toMillis());
      if (!outlet.test(new Count(start, cell.key(), n[0]))) {
        add(cell, n[0]);
        return;
      }
    }
  }

  private void add(Cell cell, long n) {
    counts.compute(
        cell,
        (_, before) -> {
          long[] count = before == null ? new long[1] : before;
          count[0] += n;
          return count;
        });
  }
}
