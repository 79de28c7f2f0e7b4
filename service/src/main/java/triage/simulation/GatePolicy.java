package triage.simulation;

import java.util.List;
import org.jspecify.annotations.Nullable;
import triage.admission.Gate;
import triage.admission.GateSettings;
import triage.admission.LimitSettings;
import triage.admission.Outcome;
import triage.admission.Ticket;

/// The gate that ships, driven by a simulation.
///
/// **Threads**: confined to its simulation.
public final class GatePolicy implements Policy {
  private final Gate gate;
  private final long tickNanos;
  private long wakeNanos;

  /// Makes a gate with the usual settings, and more room to wait than anybody needs.
  public GatePolicy(List<LimitSettings> limits, long tickNanos) {
    this(new GateSettings(100_000), limits, tickNanos);
  }

  /// Makes a gate.
  ///
  /// @param settings of the gate
  /// @param limits one for each backend
  /// @param tickNanos how often those who wait look at the time, as their threads do in the service
  public GatePolicy(GateSettings settings, List<LimitSettings> limits, long tickNanos) {
    this.gate = new Gate(settings, limits);
    this.tickNanos = tickNanos;
  }

  @Override
  public void arrive(Arrival arrival, Port port, long nowNanos) {
    switch (gate.offer(arrival, nowNanos)) {
      case ADMITTED -> port.dispatch(arrival, arrival.lane(), nowNanos);
      case WAITING -> {
        if (wakeNanos <= nowNanos) {
          wakeNanos = nowNanos + tickNanos;
        }
      }
      case SHED -> port.shed(arrival, nowNanos);
    }
    handOut(port, nowNanos);
  }

  @Override
  public void end(Arrival arrival, Outcome outcome, Port port, long nowNanos) {
    gate.settle(arrival, outcome, 0, nowNanos);
    handOut(port, nowNanos);
  }

  @Override
  public void advance(Port port, long nowNanos) {
    gate.advance(nowNanos);
    handOut(port, nowNanos);
    wakeNanos = gate.waiting() > 0 ? nowNanos + tickNanos : 0;
  }

  @Override
  public long wakeNanos() {
    return wakeNanos > 0 ? wakeNanos : Long.MAX_VALUE;
  }

  @Override
  public int inFlight() {
    return gate.inFlight();
  }

  @Override
  public double limit() {
    return gate.capacity();
  }

  private void handOut(Port port, long nowNanos) {
    Ticket next;
    for (@Nullable Ticket ticket = gate.takeDecided(); ticket != null; ticket = next) {
      next = ticket.nextDecided();
      Arrival arrival = (Arrival) ticket;
      if (arrival.state() == Ticket.State.ADMITTED) {
        port.dispatch(arrival, arrival.lane(), nowNanos);
      } else {
        port.shed(arrival, nowNanos);
      }
    }
  }
}
