package triage.perf.rival;

/// A limiter as its makers publish it: decides on arrival, learns when a request ends.
///
/// **Units**: nanoseconds of virtual time, from 0 on, never going back.
///
/// **Threads**: confined to one.
public interface Rival {
  /// Tells whether a request may be dispatched now; if so it counts as in flight.
  ///
  /// `priority` is 0 for the most critical, to 3. No rival's defaults make use of it.
  boolean tryAcquire(int priority, long nowNanos);

  /// Takes the end of a request that was dispatched at `startNanos`.
  void release(long startNanos, Ending ending, long nowNanos);

  /// The present limit on requests in flight, for the record; NaN if there is none.
  double limit();
}
