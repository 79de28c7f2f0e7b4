package triage.perf.rival;

import com.netflix.concurrency.limits.limit.VegasLimit;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.SplittableRandom;

/// The chance in the library's Vegas, drawn from a seed.
///
/// Vegas takes a new baseline after 30 x limit x jitter samples and draws the jitter, 0.5 to 1,
/// from a generator of the thread that cannot be seeded. To be run after each sample: where Vegas
/// has just drawn, what it drew is replaced by one from the seed, of the same range.
///
/// **Source**: `VegasLimit.java`, fields `probeCount` and `probeJitter` of release 0.5.4.
///
/// **Errors**: a release of the library without these fields fails when this class is loaded.
///
/// **Threads**: confined to one.
final class SeededProbes implements Runnable {
  private static final VarHandle PROBE_COUNT = field("probeCount", int.class);
  private static final VarHandle PROBE_JITTER = field("probeJitter", double.class);

  private final VegasLimit limit;
  private final SplittableRandom random;

  SeededProbes(VegasLimit limit, long seed) {
    this.limit = limit;
    random = new SplittableRandom(seed);
    run();
  }

  @Override
  public void run() {
    if ((int) PROBE_COUNT.get(limit) == 0) {
      PROBE_JITTER.set(limit, random.nextDouble(0.5, 1));
    }
  }

  private static VarHandle field(String name, Class<?> type) {
    try {
      return MethodHandles.privateLookupIn(VegasLimit.class, MethodHandles.lookup())
          .findVarHandle(VegasLimit.class, name, type);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }
}
