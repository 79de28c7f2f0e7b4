package triage.analysis;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.HashMap;
import java.util.Map;
import triage.admission.Criticality;

/// How many bytes wait in the store for a model, and who may add to them: a bound on what an
/// overload that lasts can fill.
///
/// The last fifth is kept for [Criticality#CRITICAL_PLUS], and nobody holds more than a quarter.
/// What the store says is counted anew now and then; what this instance has taken in since comes on
/// top.
///
/// **Threads**: safe for use by several threads, none of which blocks here.
final class Backlog {
  private final long bytesMax;

  @GuardedBy("this")
  private final Map<String, Long> byCaller = new HashMap<>();

  @GuardedBy("this")
  private long total;

  /// Makes an empty backlog.
  Backlog(long bytesMax) {
    this.bytesMax = bytesMax;
  }

  /// Takes bytes in, or says false: there is no room for them.
  synchronized boolean take(String caller, Criticality criticality, long bytes) {
    long most = criticality == Criticality.CRITICAL_PLUS ? bytesMax : bytesMax / 5 * 4;
    long own = byCaller.getOrDefault(caller, 0L) + bytes;
    if (total + bytes > most || own > bytesMax / 4) {
      return false;
    }
    total += bytes;
    byCaller.put(caller, own);
    return true;
  }

  /// Gives bytes back that were taken in and never came to the store.
  synchronized void giveBack(String caller, long bytes) {
    // A count may have come in between; nobody holds less than nothing.
    long back = Math.min(bytes, byCaller.getOrDefault(caller, 0L));
    total -= back;
    byCaller.computeIfPresent(caller, (name, own) -> own == back ? null : own - back);
  }

  /// Sets what the store has counted.
  synchronized void counted(Map<String, Long> bytesByCaller) {
    byCaller.clear();
    byCaller.putAll(bytesByCaller);
    total = bytesByCaller.values().stream().mapToLong(Long::longValue).sum();
  }
}
