package triage.analysis;

import java.util.Map;

/// What the store held when it was last counted, over all instances.
///
/// **Units**: jobs, bytes, seconds.
///
/// **Threads**: immutable.
///
/// @param waitingBytes what waits, by caller, with what each job takes beside its input
/// @param storedBytes what is kept, whatever its state, by caller, likewise
/// @param storedBytesByStudy the same by study, as far as there is one
/// @param waitingByVersion how many jobs wait, by what they wait for
/// @param oldestWaitingSeconds since the submission of the oldest job that waits; 0 if none does
record JobCensus(
    Map<String, Long> waitingBytes,
    Map<String, Long> storedBytes,
    Map<String, Long> storedBytesByStudy,
    Map<Version, Long> waitingByVersion,
    long waiting,
    long running,
    long dead,
    double oldestWaitingSeconds) {
  JobCensus {
    waitingBytes = Map.copyOf(waitingBytes);
    storedBytes = Map.copyOf(storedBytes);
    storedBytesByStudy = Map.copyOf(storedBytesByStudy);
    waitingByVersion = Map.copyOf(waitingByVersion);
  }

  /// A version of a model.
  record Version(String model, String version) {}

  /// Gives the bytes of all that waits.
  long backlogBytes() {
    return sum(waitingBytes);
  }

  /// Gives the bytes of all that is kept.
  long keptBytes() {
    return sum(storedBytes);
  }

  private static long sum(Map<String, Long> bytes) {
    return bytes.values().stream().mapToLong(Long::longValue).sum();
  }
}
