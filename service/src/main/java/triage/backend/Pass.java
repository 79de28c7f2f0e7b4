package triage.backend;

import java.util.concurrent.locks.LockSupport;
import triage.admission.Criticality;
import triage.admission.Ticket;

/// A ticket together with the thread that waits for its decision.
public final class Pass extends Ticket {
  private final Thread waiter = Thread.currentThread();
  private volatile boolean decided;

  /// Makes the pass of one request; the calling thread is the one that will wait.
  ///
  /// @param tenant who shares fairly with whom
  /// @param criticality the class it is queued in
  /// @param deadlineNanos on the monotonic clock, or [Ticket#NO_DEADLINE]
  public Pass(String tenant, Criticality criticality, long deadlineNanos) {
    super(tenant, criticality, deadlineNanos);
  }

  /// Makes the pass of a further try of the same request; the calling thread is the one that will
  /// wait.
  ///
  /// @param earlier the pass of the try before it, which was admitted
  public Pass(Pass earlier) {
    super(earlier);
  }

  boolean isDecided() {
    return decided;
  }

  void wake() {
    decided = true;
    LockSupport.unpark(waiter);
  }
}
