package triage.perf.sim;

import triage.admission.Outcome;
import triage.perf.rival.Ending;
import triage.perf.rival.Rival;
import triage.simulation.Arrival;
import triage.simulation.Policy;

/// A rival as it ships: it decides on arrival, and has no queue.
///
/// **Threads**: confined to its simulation.
final class RivalPolicy implements Policy {
  private final Rival rival;
  private int inFlight;

  RivalPolicy(Rival rival) {
    this.rival = rival;
  }

  @Override
  public void arrive(Arrival arrival, Port port, long nowNanos) {
    if (rival.tryAcquire(arrival.criticality().rank(), nowNanos)) {
      inFlight++;
      port.dispatch(arrival, 0, nowNanos);
    } else {
      port.shed(arrival, nowNanos);
    }
  }

  @Override
  public void end(Arrival arrival, Outcome outcome, Port port, long nowNanos) {
    inFlight--;
    Ending ending =
        switch (outcome) {
          case SERVED -> Ending.SUCCESS;
          case OVERLOADED -> Ending.DROPPED;
          case FAILED -> Ending.FAILED;
          case ABANDONED -> Ending.IGNORED;
        };
    rival.release(arrival.dispatchedNanos(), ending, nowNanos);
  }

  @Override
  public void advance(Port port, long nowNanos) {}

  @Override
  public long wakeNanos() {
    return Long.MAX_VALUE;
  }

  @Override
  public int inFlight() {
    return inFlight;
  }

  @Override
  public double limit() {
    return rival.limit();
  }
}
