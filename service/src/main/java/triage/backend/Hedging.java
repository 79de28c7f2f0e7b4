package triage.backend;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// How long one model version's requests are left to one backend before a second one is asked, too:
/// a high quantile of the times that the last 256 took to their first byte. Never, where hedging is
/// not set, or fewer than 32 are known.
///
/// A time counts from the first of two requests, whichever answered, lest hedges shorten what they
/// are measured by.
///
/// **Threads**: safe for use by several threads.
///
/// **Source**: Dean and Barroso, The Tail at Scale, 2013, "hedged requests".
public final class Hedging {
  /// Instead of a time: never.
  public static final long NEVER = Long.MAX_VALUE;

  private static final int KEPT = 256;
  private static final int KNOWN_MIN = 32;
  private static final int LOOK_EACH = 16;

  private final @Nullable HedgeSettings settings;
  private final LongAdder sent = new LongAdder();
  private final LongAdder won = new LongAdder();
  private volatile long delayNanos = NEVER;

  @GuardedBy("this")
  private final long[] times;

  @GuardedBy("this")
  private long known;

  /// Makes the delay of a model version that nobody has asked yet.
  ///
  /// @param settings null: none is hedged
  public Hedging(@Nullable HedgeSettings settings) {
    this.settings = settings;
    this.times = new long[settings == null ? 0 : KEPT];
  }

  /// Gives how long to wait for the first byte of an answer before a second backend is asked, or
  /// [#NEVER].
  public long delayNanos() {
    return delayNanos;
  }

  /// Notes how long an answer took to its first byte.
  public void began(long nanos) {
    HedgeSettings set = settings;
    if (set == null) {
      return;
    }
    synchronized (this) {
      times[(int) (known++ % KEPT)] = nanos;
      if (known >= KNOWN_MIN && known % LOOK_EACH == 0) {
        long[] sorted = Arrays.copyOf(times, (int) Math.min(known, KEPT));
        Arrays.sort(sorted);
        int rank = (int) Math.ceil(set.quantile() * sorted.length) - 1;
        delayNanos = Math.max(set.least().toNanos(), sorted[rank]);
      }
    }
  }

  /// Counts a second request.
  public void sent() {
    sent.increment();
  }

  /// Counts a second request that answered first.
  public void won() {
    won.increment();
  }

  /// Gives how many second requests were sent.
  public long sentCount() {
    return sent.sum();
  }

  /// Gives how many second requests answered first.
  public long wonCount() {
    return won.sum();
  }
}
