package triage.perf.sim;

import java.util.Arrays;
import triage.admission.Outcome;
import triage.perf.rival.Ending;
import triage.perf.rival.Rival;
import triage.simulation.Arrival;
import triage.simulation.Policy;

/// A rival as it ships: it decides on arrival, and has no queue. Of several backends it sends to
/// the one with the fewest in flight.
///
/// **Threads**: confined to its simulation.
final class RivalPolicy implements Policy {
  private final Rival rival;
  private final int[] inFlight;

  RivalPolicy(Rival rival, int backends) {
    this.rival = rival;
    this.inFlight = new int[backends];
  }

  @Override
  public void arrive(Arrival arrival, Port port, long nowNanos) {
    if (rival.tryAcquire(arrival.criticality().rank(), nowNanos)) {
      int least = 0;
      for (int i = 1; i < inFlight.length; i++) {
        least = inFlight[i] < inFlight[least] ? i : least;
      }
      inFlight[least]++;
      port.dispatch(arrival, least, nowNanos);
    } else {
      port.shed(arrival, nowNanos);
    }
  }

  @Override
  public void end(Arrival arrival, Outcome outcome, Port port, long nowNanos) {
    inFlight[arrival.backend()]--;
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
    return Arrays.stream(inFlight).sum();
  }

  @Override
  public double limit() {
    return rival.limit();
  }
}
