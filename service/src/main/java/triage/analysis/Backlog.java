package triage.analysis;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.Map;
import triage.admission.Criticality;
import triage.gateway.SharedRoom;

/// How many bytes wait in the store for a model, and who may add to them: a bound on what an
/// overload that lasts can fill.
///
/// The last fifth is kept for [Criticality#CRITICAL_PLUS], and nobody holds more than a quarter.
/// What the store says is counted anew now and then; what this instance has taken in since a count
/// began comes on top.
///
/// **Threads**: safe for use by several threads, none of which blocks here.
final class Backlog {
  private final SharedRoom room;

  /// What was taken in since the newest count began.
  @GuardedBy("this")
  private final Tally since = new Tally();

  /// Makes an empty backlog.
  Backlog(long bytesMax) {
    this.room = SharedRoom.ofBytes(bytesMax);
  }

  /// Takes bytes in, or says false: there is no room for them.
  synchronized boolean take(String caller, Criticality criticality, long bytes) {
    boolean taken = room.take(caller, criticality, bytes) == SharedRoom.Answer.TAKEN;
    if (taken) {
      since.add(caller, bytes);
    }
    return taken;
  }

  /// Gives bytes back that were taken in and never came to the store. A count may have come in
  /// between.
  synchronized void giveBack(String caller, long bytes) {
    room.giveBack(caller, bytes);
    since.lessen(caller, bytes);
  }

  /// Tells that a count begins: what is taken in from now on is none of its.
  synchronized void counting() {
    since.clear();
  }

  /// Sets what the store has counted; what was taken in since the count began comes on top.
  synchronized void counted(Map<String, Long> bytesByCaller) {
    room.counted(since.on(bytesByCaller));
  }
}
