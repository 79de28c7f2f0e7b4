package triage.perf.rival;

import com.netflix.concurrency.limits.Limit;
import com.netflix.concurrency.limits.Limiter;
import com.netflix.concurrency.limits.limit.AIMDLimit;
import com.netflix.concurrency.limits.limit.Gradient2Limit;
import com.netflix.concurrency.limits.limit.VegasLimit;
import com.netflix.concurrency.limits.limit.WindowedLimit;
import com.netflix.concurrency.limits.limiter.SimpleLimiter;
import java.util.Arrays;
import java.util.Optional;

/// Netflix's published limiter, on a clock of ours.
///
/// The library decides throughout: its `SimpleLimiter` takes the virtual time through `nanoClock`,
/// and its limits take no other. A request whose deadline passed is `onDropped`; one that failed or
/// whose client left is `onIgnore`, as in the library's own gRPC client interceptor. A request that
/// takes no time counts as one nanosecond, for Vegas refuses a zero.
///
/// The library makes 75 bytes of garbage for each request that is dispatched, 110 under a window.
///
/// **Source**: com.netflix.concurrency-limits:concurrency-limits-core 0.5.4 (Apache-2.0).
///
/// **Threads**: confined to one.
final class NetflixLimiter implements Rival {
  private final SimpleLimiter<Void> limiter;
  private final Dispatched dispatched = new Dispatched();
  private final Runnable afterSample;
  private Limiter.Listener[] listeners = new Limiter.Listener[64];
  private int[] freePlaces = new int[64];
  private int freeCount;
  private long now;

  private NetflixLimiter(Limit limit, Runnable afterSample) {
    limiter = SimpleLimiter.newBuilder().named("rival").limit(limit).nanoClock(() -> now).build();
    this.afterSample = afterSample;
    free(0, listeners.length);
  }

  /// Gradient2 as the library's documents compose it: under a window, both by their defaults.
  static NetflixLimiter gradient2() {
    Limit limit = WindowedLimit.newBuilder().build(Gradient2Limit.newDefault());
    return new NetflixLimiter(limit, () -> {});
  }

  /// Vegas, the library's default limit, fed with each request.
  static NetflixLimiter vegas(long seed) {
    VegasLimit limit = VegasLimit.newDefault();
    return new NetflixLimiter(limit, new SeededProbes(limit, seed));
  }

  /// Additive increase, multiplicative decrease, fed with each request.
  static NetflixLimiter aimd() {
    return new NetflixLimiter(AIMDLimit.newBuilder().build(), () -> {});
  }

  @Override
  public boolean tryAcquire(int priority, long nowNanos) {
    now = nowNanos;
    Optional<Limiter.Listener> listener = limiter.acquire(null);
    if (listener.isEmpty()) {
      return false;
    }
    if (freeCount == 0) {
      grow();
    }
    int place = freePlaces[--freeCount];
    listeners[place] = listener.get();
    dispatched.put(nowNanos, place);
    return true;
  }

  @Override
  public void release(long startNanos, Ending ending, long nowNanos) {
    now = Math.max(nowNanos, startNanos + 1);
    int place = dispatched.take(startNanos);
    freePlaces[freeCount++] = place;
    Limiter.Listener listener = listeners[place];
    switch (ending) {
      case SUCCESS -> listener.onSuccess();
      case DROPPED -> listener.onDropped();
      case FAILED, IGNORED -> listener.onIgnore();
    }
    if (ending == Ending.SUCCESS || ending == Ending.DROPPED) {
      afterSample.run();
    }
  }

  @Override
  public double limit() {
    return limiter.getLimit();
  }

  private void grow() {
    int places = listeners.length;
    listeners = Arrays.copyOf(listeners, places * 2);
    freePlaces = Arrays.copyOf(freePlaces, places * 2);
    free(places, places * 2);
  }

  private void free(int from, int to) {
    for (int place = from; place < to; place++) {
      freePlaces[freeCount++] = place;
    }
  }
}
