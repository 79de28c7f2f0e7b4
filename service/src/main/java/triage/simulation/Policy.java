package triage.simulation;

import triage.admission.Outcome;

/// What stands between the arrivals and the backends: the gate that ships, or a rival of it.
///
/// **Threads**: confined to its simulation.
public interface Policy {
  /// Where a policy sends what it has decided.
  interface Port {
    /// Sends a request to a backend.
    void dispatch(Arrival arrival, int backend, long nowNanos);

    /// Tells a caller that it is not served.
    void shed(Arrival arrival, long nowNanos);
  }

  /// Takes a request; sooner or later it is dispatched or shed through the port, exactly once.
  void arrive(Arrival arrival, Port port, long nowNanos);

  /// Learns how a dispatched request ended.
  void end(Arrival arrival, Outcome outcome, Port port, long nowNanos);

  /// Does what the passing of time alone asks for.
  void advance(Port port, long nowNanos);

  /// Gives when [#advance] is wanted at the latest; `Long.MAX_VALUE` if time alone changes nothing.
  long wakeNanos();

  /// Gives how many requests are in flight as the policy counts them; -1 if it does not.
  int inFlight();

  /// Gives how many requests may be in flight, for the record; not a number where there is no
  /// limit.
  double limit();
}
