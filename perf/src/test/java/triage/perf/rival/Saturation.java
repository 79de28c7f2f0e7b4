package triage.perf.rival;

import java.util.ArrayDeque;
import java.util.PriorityQueue;

/// A backend with a queue and equal servers, before which a rival is always asked for one more.
///
/// **Units**: nanoseconds of virtual time from 0.
///
/// **Threads**: confined to one.
final class Saturation {
  static final long MILLISECOND = 1_000_000;
  static final long SECOND = 1_000 * MILLISECOND;

  private record Request(long start, long end) {}

  private final Rival rival;
  private final long serviceNanos;
  private final int inFlightMax;
  private final PriorityQueue<Long> free = new PriorityQueue<>();
  private final ArrayDeque<Request> inFlight = new ArrayDeque<>();
  private long now;
  private long served;

  /// So many servers that each take so long; no more than so many requests are ever dispatched.
  Saturation(Rival rival, int servers, long serviceNanos, int inFlightMax) {
    this.rival = rival;
    this.serviceNanos = serviceNanos;
    this.inFlightMax = inFlightMax;
    for (int server = 0; server < servers; server++) {
      free.add(0L);
    }
  }

  /// Goes on until that time.
  Saturation until(long nanos) {
    while (now < nanos) {
      while (inFlight.size() < inFlightMax && rival.tryAcquire(3, now)) {
        long end = Math.max(now, free.remove()) + serviceNanos;
        free.add(end);
        inFlight.add(new Request(now, end));
      }
      if (inFlight.isEmpty()) {
        now += MILLISECOND;
      } else {
        Request request = inFlight.remove();
        now = request.end();
        rival.release(request.start(), Ending.SUCCESS, now);
        served++;
      }
    }
    return this;
  }

  /// How many were served so far.
  long served() {
    return served;
  }

  /// How many are in flight.
  int inFlight() {
    return inFlight.size();
  }
}
