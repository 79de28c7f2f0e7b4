package triage.admission;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;

/// Who passes the front door when a fraction of what arrives has to be shed: the most critical, and
/// within a class some callers rather than some requests of each.
///
/// Every arrival has a *level*: its class times 128, plus its caller's cohort, a hash of caller and
/// hour. What arrives is counted by level, over about the last second. The threshold is the level
/// at which the levels above it (the less critical ones) hold the fraction to be shed. Within that
/// one level, which may hold all of a big caller's requests, it takes the share that is needed, by
/// a lot of each request. A decision is one volatile read and a comparison; the hour comes with the
/// threshold.
///
/// Four rules temper this:
/// - 10 arrivals a second never count as shed-worthy: so few do not saturate a machine.
/// - `CRITICAL_PLUS` keeps a reserved share: it is shed only where it exceeds two thirds of all
///   arrivals.
/// - For a second after the threshold was tightened by whole levels it is not loosened by whole
///   levels, so that a caller who is refused is not let in and refused again at once.
/// - Of those unverified an allowance of 20 in 100 ms passes in any case, or nobody could become
///   known under pressure. They draw a new lot at each try.
///
/// **Source**: DAGOR (Zhou et al., "Overload Control for Scaling WeChat Microservices", SoCC 2018),
/// sections 4.2.2 and 4.2.3: business and user priority, histogram, threshold.
///
/// **Threads**: [#admits] is safe for use by several threads, takes no lock and makes no garbage;
/// [#regulate] is confined to one thread.
public final class DoorThreshold {
  /// Cohorts in a class.
  static final int COHORTS = 128;

  /// Levels in all.
  static final int LEVELS = DoorClass.values().length * COHORTS;

  /// Lots in a level.
  private static final int LOTS = 1024;

  private static final int ALL = LEVELS * LOTS;
  private static final int UNVERIFIED_FROM = DoorClass.UNVERIFIED.rank() * COHORTS;

  /// Arrivals a second that are never too many.
  private static final double FREE = 10;

  private static final double CRITICAL_PLUS_SHARE = 2.0 / 3;
  private static final int UNVERIFIED_ALLOWANCE = 20;
  private static final double DECAY_NANOS = 1e9;
  private static final long HOLD_NANOS = 1_000_000_000L;

  /// The golden ratio as a fraction of 2^32: multiples of it spread evenly.
  private static final int GOLDEN = 0x9E3779B9;

  private final AtomicIntegerArray arrived = new AtomicIntegerArray(LEVELS);
  private final AtomicInteger lots = new AtomicInteger();
  private final AtomicInteger allowance = new AtomicInteger(UNVERIFIED_ALLOWANCE);

  // Written by regulate only.
  private final int[] counted = new int[LEVELS];
  private final double[] recent = new double[LEVELS];
  private long regulatedNanos;
  private long tightenedNanos;
  private boolean regulated;

  /// The hour in the upper half, the threshold in the lower: levels times [#LOTS] that pass.
  private volatile long state = ALL;

  /// Makes a threshold that lets everybody pass.
  public DoorThreshold() {}

  /// Counts an arrival and tells whether it passes.
  ///
  /// @param kind its class
  /// @param caller a hash of who is calling; of no effect for those unverified
  public boolean admits(DoorClass kind, int caller) {
    long now = state;
    int cohort =
        kind == DoorClass.UNVERIFIED
            ? (lots.getAndIncrement() * GOLDEN) >>> 25
            : cohort(caller, (int) (now >> 32));
    int level = kind.rank() * COHORTS + cohort;
    int lot = (arrived.getAndIncrement(level) * GOLDEN) >>> 22;
    if (level * LOTS + lot < (int) now) {
      return true;
    }
    return level >= UNVERIFIED_FROM && allowance.get() > 0 && allowance.getAndDecrement() > 0;
  }

  /// Sets the threshold anew.
  ///
  /// @param fraction of the arrivals that is to be shed, 0 to 1
  /// @param hour the hour since some origin; with it the cohorts change
  /// @param nowNanos the time, which must not run backwards
  public void regulate(double fraction, long hour, long nowNanos) {
    age(nowNanos);
    allowance.set(UNVERIFIED_ALLOWANCE);
    int before = (int) state;
    int wanted = fraction <= 0 ? ALL : threshold(fraction);
    int threshold = wanted;
    if (wanted < before) {
      if (wanted / LOTS < before / LOTS) {
        tightenedNanos = nowNanos;
      }
    } else if (before < ALL && nowNanos - tightenedNanos < HOLD_NANOS) {
      // Within the level of the threshold there are only lots, and no caller to be flipped.
      threshold = Math.min(wanted, (before / LOTS + 1) * LOTS - 1);
    }
    state = (hour << 32) | threshold;
  }

  /// Tells whether anybody can be shed now.
  public boolean isOpen() {
    return (int) state == ALL;
  }

  /// Gives the level within which lots decide; the levels above it are shed, those below it pass.
  int boundary() {
    return (int) state / LOTS;
  }

  /// Gives how many arrivals were counted within about the last second, at the last [#regulate].
  public double recentArrivals() {
    return sum(0, LEVELS);
  }

  private void age(long nowNanos) {
    double kept = regulated ? Math.exp(-Math.max(0, nowNanos - regulatedNanos) / DECAY_NANOS) : 0;
    regulated = true;
    regulatedNanos = nowNanos;
    for (int level = 0; level < LEVELS; level++) {
      int total = arrived.get(level);
      recent[level] = recent[level] * kept + (total - counted[level]);
      counted[level] = total;
    }
  }

  private int threshold(double fraction) {
    double all = sum(0, LEVELS);
    double safety = sum(0, COHORTS);
    double kept = Math.min(safety, CRITICAL_PLUS_SHARE * all);
    double left = Math.min(Math.min(1, fraction) * Math.max(0, all - FREE), all - kept);
    // Also where a caller's level has just changed with the hour, and nothing was counted there
    // yet.
    int least = safety <= CRITICAL_PLUS_SHARE * all ? COHORTS * LOTS : 0;
    for (int level = LEVELS - 1; level >= 0; level--) {
      double here = recent[level];
      if (here > left || left <= 0) {
        double passing = left <= 0 ? 1 : 1 - left / here;
        return Math.max(least, level * LOTS + (int) Math.ceil(passing * LOTS));
      }
      left -= here;
    }
    return least;
  }

  private double sum(int from, int to) {
    double sum = 0;
    for (int level = from; level < to; level++) {
      sum += recent[level];
    }
    return sum;
  }

  /// Gives the cohort of a caller.
  ///
  /// **Source**: the finaliser of MurmurHash3 (Appleby).
  static int cohort(int caller, int hour) {
    int mixed = caller ^ (hour * GOLDEN);
    mixed = (mixed ^ (mixed >>> 16)) * 0x85EBCA6B;
    mixed = (mixed ^ (mixed >>> 13)) * 0xC2B2AE35;
    return (mixed ^ (mixed >>> 16)) >>> 25;
  }
}
