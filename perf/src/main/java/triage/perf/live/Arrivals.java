package triage.perf.live;

/// When the requests of one class are meant to be sent.
///
/// **Units**: nanoseconds since the run began.
///
/// **Threads**: confined to one thread, with all that implement it.
interface Arrivals {
  /// What [#nextNanos()] gives when nothing is to be sent for now.
  long NONE = Long.MAX_VALUE;

  /// Gives when the next request is meant to be sent, or [#NONE].
  long nextNanos();

  /// Goes on to the arrival after the next one.
  void take();

  /// Hears that a request of this class has ended.
  void settled(long nowNanos);
}
