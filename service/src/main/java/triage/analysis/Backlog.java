package triage.analysis;

import java.util.Map;
import triage.admission.Criticality;
import triage.gateway.SharedRoom;

/// How many bytes wait in the store for a model, and who may add to them: a bound on what an
/// overload that lasts can fill.
///
/// The last fifth is kept for [Criticality#CRITICAL_PLUS], and nobody holds more than a quarter.
/// What the store says is counted anew now and then; what this instance has taken in since comes on
/// top.
///
/// **Threads**: safe for use by several threads, none of which blocks here.
final class Backlog {
  private final SharedRoom room;

  /// Makes an empty backlog.
  Backlog(long bytesMax) {
    this.room = SharedRoom.ofBytes(bytesMax);
  }

  /// Takes bytes in, or says false: there is no room for them.
  boolean take(String caller, Criticality criticality, long bytes) {
    return room.take(caller, criticality, bytes) == SharedRoom.Answer.TAKEN;
  }

  /// Gives bytes back that were taken in and never came to the store. A count may have come in
  /// between.
  void giveBack(String caller, long bytes) {
    room.giveBack(caller, bytes);
  }

  /// Sets what the store has counted.
  void counted(Map<String, Long> bytesByCaller) {
    room.counted(bytesByCaller);
  }
}
