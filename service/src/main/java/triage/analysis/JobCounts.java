package triage.analysis;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/// What this instance has made of jobs since it started.
///
/// **Threads**: safe for use by several threads.
final class JobCounts {
  private final Map<JobState, LongAdder> ended = new EnumMap<>(JobState.class);
  private final LongAdder takenOver = new LongAdder();
  private final LongAdder late = new LongAdder();

  JobCounts() {
    for (JobState state : JobState.values()) {
      if (state.isFinal()) {
        ended.put(state, new LongAdder());
      }
    }
  }

  /// Counts a job that has ended.
  ///
  /// @param state a final one
  void ended(JobState state) {
    adder(state).increment();
  }

  /// Counts jobs that were taken from holders whose lease had run out.
  ///
  /// @param jobs how many, those that are dead by it left out
  void takenOver(long jobs) {
    takenOver.add(jobs);
  }

  /// Counts endings that were not written, since their claims were no longer the newest.
  void late(long endings) {
    late.add(endings);
  }

  /// Gives how many endings came too late.
  long late() {
    return late.sum();
  }

  /// Gives how many jobs have ended so.
  ///
  /// @param state a final one
  long of(JobState state) {
    return adder(state).sum();
  }

  /// Gives how many jobs were taken over.
  long takenOver() {
    return takenOver.sum();
  }

  private LongAdder adder(JobState state) {
    LongAdder adder = ended.get(state);
    if (adder == null) {
      throw new IllegalArgumentException(state + " (expected: a final state)");
    }
    return adder;
  }
}
