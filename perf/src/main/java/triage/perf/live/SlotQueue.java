package triage.perf.live;

import java.util.ArrayDeque;
import java.util.PriorityQueue;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/// A model server without its sockets: some slots, and before them one queue, first in, first out.
///
/// A request that waits begins at the very moment at which the one before it ends, even where that
/// is noticed later: capacity is exactly slots over service time, on a busy machine, too. So what
/// has ended by now must be polled before anything arrives. Slots that are taken away finish what
/// they have begun.
///
/// **Units**: nanoseconds of a clock that the caller has, and that never goes back.
///
/// **Threads**: confined to one thread.
///
/// @param <J> what is worked on
final class SlotQueue<J> {
  private record Running<J>(J job, long endNanos, long number) implements Comparable<Running<J>> {
    @Override
    public int compareTo(Running<J> other) {
      int byEnd = Long.compare(endNanos, other.endNanos);
      return byEnd != 0 ? byEnd : Long.compare(number, other.number);
    }
  }

  private final ToLongFunction<J> serviceNanos;
  private final Predicate<J> abandoned;
  private final long lateNanos;
  private final PriorityQueue<Running<J>> running = new PriorityQueue<>();
  private final ArrayDeque<J> waiting = new ArrayDeque<>();
  private int slots;
  private long started;
  private long lateStarts;
  private int insideMax;

  /// @param serviceNanos how long a job takes, asked once when it begins
  /// @param abandoned whether a job that waits is not wanted any more
  /// @param lateNanos how much later than its moment a begin counts as late
  SlotQueue(int slots, ToLongFunction<J> serviceNanos, Predicate<J> abandoned, long lateNanos) {
    this.slots = slots;
    this.serviceNanos = serviceNanos;
    this.abandoned = abandoned;
    this.lateNanos = lateNanos;
  }

  /// Takes a job: into a slot, or to the end of the queue.
  void arrive(J job, long nowNanos) {
    waiting.add(job);
    begin(nowNanos, nowNanos);
    insideMax = Math.max(insideMax, running.size() + waiting.size());
  }

  /// Changes the number of slots.
  void slots(int wanted, long nowNanos) {
    slots = wanted;
    begin(nowNanos, nowNanos);
  }

  /// Gives the next job that has ended by now, or null; its slot goes on to the next in the queue.
  @Nullable J poll(long nowNanos) {
    Running<J> first = running.peek();
    if (first == null || first.endNanos() > nowNanos) {
      return null;
    }
    running.remove();
    begin(first.endNanos(), nowNanos);
    return first.job();
  }

  private void begin(long momentNanos, long nowNanos) {
    while (running.size() < slots && !waiting.isEmpty()) {
      J job = waiting.remove();
      if (!abandoned.test(job)) {
        running.add(new Running<>(job, momentNanos + serviceNanos.applyAsLong(job), started++));
        if (nowNanos - momentNanos > lateNanos) {
          lateStarts++;
        }
      }
    }
  }

  /// Gives when the next job ends; [Long#MAX_VALUE] when none is in a slot.
  long nextEndNanos() {
    Running<J> first = running.peek();
    return first == null ? Long.MAX_VALUE : first.endNanos();
  }

  /// Gives how many jobs are in slots.
  int running() {
    return running.size();
  }

  /// Gives how many jobs wait, those included that nobody wants any more.
  int waiting() {
    return waiting.size();
  }

  /// Gives how many jobs have begun.
  long started() {
    return started;
  }

  /// Gives how many began later than they should have: the machine was busy.
  long lateStarts() {
    return lateStarts;
  }

  /// Gives the largest number that ran and waited at once, and forgets it where that is asked for.
  int insideMax(boolean forget) {
    int most = insideMax;
    if (forget) {
      insideMax = running.size() + waiting.size();
    }
    return most;
  }
}
