package triage.analysis;

import java.util.Map;

/// What the store held when it was last counted, over all instances.
///
/// **Units**: jobs, bytes, seconds.
///
/// **Threads**: immutable.
///
/// @param waitingBytes what waits, by caller, with what each job takes beside its input
/// @param oldestWaitingSeconds since the submission of the oldest job that waits; 0 if none does
record JobCensus(
    Map<String, Long> waitingBytes,
    long waiting,
    long running,
    long dead,
    double oldestWaitingSeconds) {
  JobCensus {
    waitingBytes = Map.copyOf(waitingBytes);
  }

  /// Gives the bytes of all that waits.
  long backlogBytes() {
    return waitingBytes.values().stream().mapToLong(Long::longValue).sum();
  }
}
