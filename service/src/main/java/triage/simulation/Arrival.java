package triage.simulation;

import triage.admission.Criticality;
import triage.admission.Ticket;

/// One simulated request: what it asks for, and what became of it.
///
/// **Threads**: confined to its simulation.
public final class Arrival extends Ticket {
  /// What became of an arrival.
  public enum Fate {
    /// Not yet known.
    OPEN,
    /// Answered before its deadline.
    GOOD,
    /// Dispatched, and not answered before its deadline.
    LATE,
    /// Refused, or given up in the queue.
    SHED,
    /// The backend said that it is overloaded.
    REFUSED,
    /// The backend failed.
    FAILED
  }

  /// The tenant of arrivals that reach the backend past the gate.
  public static final String FOREIGN = "foreign";

  final int tenantNumber;
  final long arrivedNanos;
  final double workNanos;
  final int attempt;
  Fate fate = Fate.OPEN;
  boolean dispatched;
  boolean failed;
  long dispatchedNanos;
  int backend = -1;

  Arrival(
      int tenantNumber,
      String tenant,
      Criticality criticality,
      long arrivedNanos,
      long deadlineNanos,
      double workNanos,
      int attempt) {
    super(tenant, criticality, deadlineNanos);
    this.tenantNumber = tenantNumber;
    this.arrivedNanos = arrivedNanos;
    this.workNanos = workNanos;
    this.attempt = attempt;
  }

  /// Gives the next try of the same request, whose caller is as patient as before.
  Arrival again(long atNanos) {
    return new Arrival(
        tenantNumber,
        tenant(),
        criticality(),
        atNanos,
        atNanos + deadlineNanos() - arrivedNanos,
        workNanos,
        attempt + 1);
  }

  /// Tells whether it reaches the backend past the gate, and does not count.
  public boolean isForeign() {
    return tenant().equals(FOREIGN);
  }

  /// Gives when it came, in nanoseconds of virtual time.
  public long arrivedNanos() {
    return arrivedNanos;
  }

  /// Gives which backend it was dispatched to; -1 if to none.
  public int backend() {
    return backend;
  }

  /// Gives when it was dispatched, in nanoseconds of virtual time.
  public long dispatchedNanos() {
    return dispatchedNanos;
  }
}
