package triage.simulation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;
import triage.admission.Outcome;

/// One run: arrivals, a policy, and the model servers behind it, in virtual time.
///
/// Time goes from event to event: an arrival, the end of a piece of work, a deadline at a server, a
/// wake-up of the policy, a change of the world. Of events at one moment, ends come first.
///
/// Invariants, checked at every event: an arrival has exactly one fate; nobody is dispatched whose
/// deadline has passed; what is in flight, also as the policy counts it, is what was dispatched and
/// has not ended.
///
/// **Threads**: confined to one thread.
public final class Simulation implements Policy.Port {
  /// Something that happens to the world at a set moment.
  ///
  /// @param atNanos when
  /// @param change what
  public record Change(long atNanos, Runnable change) {}

  private static final double SECOND = 1e9;

  private final Workload workload;
  private final Policy policy;
  private final List<ModelServer> servers;
  private final Score score;
  private final Chance chance;
  private final long endNanos;
  private final PriorityQueue<Arrival> deadlines =
      new PriorityQueue<>(Comparator.comparingLong(Arrival::deadlineNanos));
  private final PriorityQueue<Arrival> nextTries =
      new PriorityQueue<>(Comparator.comparingLong(Arrival::arrivedNanos));
  private final List<Change> changes;
  private final double[] shares;
  private final Arrivals.Moments moments;
  private int nextChange;
  private long nextArrivalNanos;
  private long arrivals;
  private long retries;
  private int inFlight;

  /// Makes a run.
  ///
  /// @param seed of all chance in it
  /// @param endNanos when it ends
  /// @param changes what happens meanwhile, in order
  /// @param score what is counted
  public Simulation(
      Workload workload,
      Policy policy,
      List<ModelServer> servers,
      long seed,
      long endNanos,
      List<Change> changes,
      Score score) {
    this.workload = workload;
    this.policy = policy;
    this.servers = List.copyOf(servers);
    this.chance = new Chance(seed);
    this.endNanos = endNanos;
    this.moments = workload.arrivals().begin(chance, endNanos);
    this.changes = new ArrayList<>(changes);
    this.score = score;
    this.shares = new double[workload.streams().size()];
    double sum = 0;
    for (int i = 0; i < shares.length; i++) {
      sum += workload.streams().get(i).share();
      shares[i] = sum;
    }
  }

  /// Runs to the end.
  ///
  /// @throws IllegalStateException if an invariant does not hold
  public void run() {
    nextArrivalNanos = moments.after(0);
    while (true) {
      long workNanos = Long.MAX_VALUE;
      ModelServer first = null;
      for (ModelServer server : servers) {
        long next = server.nextNanos();
        if (next < workNanos) {
          workNanos = next;
          first = server;
        }
      }
      long deadlineNanos = nextDeadline();
      long changeNanos =
          nextChange < changes.size() ? changes.get(nextChange).atNanos() : Long.MAX_VALUE;
      Arrival again = nextTries.peek();
      long againNanos = again == null ? Long.MAX_VALUE : again.arrivedNanos;
      long callerNanos = Math.min(againNanos, nextArrivalNanos);
      long now =
          Math.min(
              Math.min(Math.min(workNanos, deadlineNanos), Math.min(changeNanos, callerNanos)),
              policy.wakeNanos());
      if (now >= endNanos) {
        return;
      }
      if (changeNanos == now) {
        changes.get(nextChange++).change().run();
      } else if (first != null && workNanos == now) {
        finish(first.finish(now), now);
      } else if (deadlineNanos == now) {
        giveUp(now);
      } else if (nextArrivalNanos == now) {
        arrive(now);
      } else if (again != null && againNanos == now) {
        nextTries.remove(again);
        policy.arrive(again, this, now);
      } else {
        policy.advance(this, now);
      }
      int counted = policy.inFlight();
      if (counted >= 0 && counted != inFlight) {
        throw new IllegalStateException(
            "in flight: " + counted + " (expected: " + inFlight + " at " + now + " ns)");
      }
    }
  }

  private long nextDeadline() {
    Arrival next = deadlines.peek();
    while (next != null && next.fate != Arrival.Fate.OPEN) {
      deadlines.poll();
      next = deadlines.peek();
    }
    return next == null ? Long.MAX_VALUE : next.deadlineNanos();
  }

  private void finish(@Nullable Arrival done, long now) {
    if (done == null) {
      return;
    }
    if (!done.failed) {
      score.finished(done, now);
    }
    if (done.fate != Arrival.Fate.OPEN) {
      return;
    }
    if (done.failed) {
      end(done, Arrival.Fate.FAILED, Outcome.FAILED, now);
    } else {
      end(done, Arrival.Fate.GOOD, Outcome.SERVED, now);
    }
  }

  private void giveUp(long now) {
    Arrival late = deadlines.poll();
    if (late != null) {
      end(late, Arrival.Fate.LATE, Outcome.OVERLOADED, now);
    }
  }

  private void end(Arrival arrival, Arrival.Fate fate, Outcome outcome, long now) {
    require(arrival.dispatched && arrival.fate == Arrival.Fate.OPEN, arrival, "ended twice");
    arrival.fate = fate;
    inFlight--;
    require(inFlight >= 0, arrival, "more ended than were dispatched");
    close(arrival, now);
    policy.end(arrival, outcome, this, now);
  }

  private void arrive(long now) {
    double seconds = now / SECOND;
    double drawn = chance.uniform() * shares[shares.length - 1];
    int number = 0;
    while (number < shares.length - 1 && shares[number] < drawn) {
      number++;
    }
    Workload.Stream stream = workload.streams().get(number);
    if (seconds < stream.fromSeconds()) {
      nextArrivalNanos = moments.after(now);
      return;
    }
    double work = workload.work().seconds(chance, seconds) * stream.workFactor();
    double patience = workload.deadline().seconds(chance, seconds);
    Arrival arrival =
        new Arrival(
            number,
            stream.tenant(),
            stream.criticality(),
            now,
            now + Math.max(1, (long) (patience * SECOND)),
            Math.max(1, work * SECOND),
            1);
    arrivals++;
    nextArrivalNanos = moments.after(now);
    score.arrived(arrival, now);
    policy.arrive(arrival, this, now);
  }

  @Override
  public void dispatch(Arrival arrival, int backend, long now) {
    require(!arrival.dispatched && arrival.fate == Arrival.Fate.OPEN, arrival, "dispatched twice");
    require(now < arrival.deadlineNanos(), arrival, "dispatched after its deadline");
    arrival.dispatched = true;
    arrival.dispatchedNanos = now;
    arrival.backend = backend;
    inFlight++;
    score.dispatched(arrival, inFlight, now);
    if (servers.get(backend).take(arrival, now)) {
      deadlines.add(arrival);
    } else {
      end(arrival, Arrival.Fate.REFUSED, Outcome.OVERLOADED, now);
    }
  }

  @Override
  public void shed(Arrival arrival, long now) {
    require(!arrival.dispatched && arrival.fate == Arrival.Fate.OPEN, arrival, "shed twice");
    arrival.fate = Arrival.Fate.SHED;
    close(arrival, now);
  }

  /// Counts a try that has ended, and lets its caller try again where it does.
  private void close(Arrival arrival, long now) {
    Retries how = workload.retries();
    boolean again =
        arrival.fate != Arrival.Fate.GOOD
            && !arrival.isForeign()
            && how.allow(arrival.attempt, retries, arrivals);
    if (again) {
      retries++;
      nextTries.add(arrival.again(now + Math.max(1, (long) (how.pauseSeconds() * SECOND))));
    }
    score.ended(arrival, !again, now);
  }

  /// Gives how many are in flight now.
  public int inFlight() {
    return inFlight;
  }

  /// Gives how many have arrived.
  public long arrivals() {
    return arrivals;
  }

  private static void require(boolean holds, Arrival arrival, String fault) {
    if (!holds) {
      throw new IllegalStateException(
          fault + ": arrival at " + arrival.arrivedNanos + " ns, fate " + arrival.fate);
    }
  }
}
