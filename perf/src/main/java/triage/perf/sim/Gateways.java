package triage.perf.sim;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import triage.admission.Outcome;
import triage.simulation.Arrival;
import triage.simulation.Policy;

/// Several gateways that know nothing of each other, in turn; and foreign traffic past them all.
///
/// **Threads**: confined to its simulation.
final class Gateways implements Policy {
  private final List<Policy> policies = new ArrayList<>();
  private final Map<Arrival, Policy> taken = new IdentityHashMap<>();
  private int next;
  private int foreign;

  Gateways(int count, Supplier<Policy> made) {
    for (int i = 0; i < count; i++) {
      policies.add(made.get());
    }
  }

  @Override
  public void arrive(Arrival arrival, Port port, long nowNanos) {
    if (arrival.isForeign()) {
      foreign++;
      port.dispatch(arrival, 0, nowNanos);
      return;
    }
    Policy policy = policies.get(next++ % policies.size());
    if (policies.size() > 1) {
      taken.put(arrival, policy);
    }
    policy.arrive(arrival, port, nowNanos);
  }

  @Override
  public void end(Arrival arrival, Outcome outcome, Port port, long nowNanos) {
    if (arrival.isForeign()) {
      foreign--;
      return;
    }
    Policy policy = policies.size() > 1 ? taken.remove(arrival) : policies.getFirst();
    policy.end(arrival, outcome, port, nowNanos);
  }

  @Override
  public void advance(Port port, long nowNanos) {
    for (Policy policy : policies) {
      if (policy.wakeNanos() <= nowNanos) {
        policy.advance(port, nowNanos);
      }
    }
  }

  @Override
  public long wakeNanos() {
    long earliest = Long.MAX_VALUE;
    for (Policy policy : policies) {
      earliest = Math.min(earliest, policy.wakeNanos());
    }
    return earliest;
  }

  @Override
  public int inFlight() {
    int sum = foreign;
    for (Policy policy : policies) {
      int own = policy.inFlight();
      if (own < 0) {
        return -1;
      }
      sum += own;
    }
    return sum;
  }

  @Override
  public double limit() {
    double sum = 0;
    for (Policy policy : policies) {
      sum += policy.limit();
    }
    return sum;
  }
}
