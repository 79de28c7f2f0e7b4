package triage.simulation;

import org.jspecify.annotations.Nullable;

/// A simulated model server: it takes work, and ends it some time later. It never hears that a
/// caller has gone.
///
/// **Threads**: confined to its simulation.
public interface ModelServer {
  /// Takes a request; `false` if it says that it is overloaded.
  boolean take(Arrival arrival, long nowNanos);

  /// Gives when its next piece of work ends; `Long.MAX_VALUE` if it has none.
  long nextNanos();

  /// Ends the work that is due now.
  @Nullable Arrival finish(long nowNanos);

  /// Changes how many requests it can work on at once.
  void capacity(int slots, long nowNanos);
}
