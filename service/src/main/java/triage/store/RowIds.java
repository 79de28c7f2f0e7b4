package triage.store;

import java.time.InstantSource;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/// Gives the ids of rows: UUIDs of version 7, ever greater within one instance, different between
/// instances.
///
/// The upper half is the time in milliseconds and a count of 12 bits, which together only grow,
/// also when the clock is set back. The lower half is drawn once and stands for this run of this
/// instance. So an id costs no entropy, rows lie in the order in which they were made, and the rows
/// of one run are told from those of another.
///
/// **Source**: RFC 9562, section 6.2, methods 1 and 3.
///
/// **Threads**: safe for use by several threads.
public final class RowIds {
  private static final int COUNT_BITS = 12;
  private static final long COUNT_MASK = (1L << COUNT_BITS) - 1;
  private static final long VERSION_7 = 0x7000L;
  private static final long VARIANT = 0x8000_0000_0000_0000L;
  private static final long VARIANT_MASK = 0x3fff_ffff_ffff_ffffL;

  private final InstantSource clock;
  private final long lower;
  private final AtomicLong last = new AtomicLong();

  /// Makes the ids of one run.
  ///
  /// @param instance what draws the number of this run; it must not repeat between runs
  public RowIds(InstantSource clock, RandomGenerator instance) {
    this.clock = clock;
    this.lower = VARIANT | (instance.nextLong() & VARIANT_MASK);
  }

  /// Gives an id greater than all before it.
  public UUID next() {
    long floor = clock.millis() << COUNT_BITS;
    long ticket = last.updateAndGet(before -> Math.max(before + 1, floor));
    long upper = ((ticket >>> COUNT_BITS) << 16) | VERSION_7 | (ticket & COUNT_MASK);
    return new UUID(upper, lower);
  }
}
