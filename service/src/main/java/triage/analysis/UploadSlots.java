package triage.analysis;

import triage.admission.Criticality;
import triage.gateway.Refusal;
import triage.gateway.RefusedException;
import triage.gateway.SharedRoom;

/// How many uploads of batches an instance takes at once, in all and from one caller. A fifth is
/// kept for [Criticality#CRITICAL_PLUS].
///
/// **Threads**: safe for use by several threads, none of which blocks here.
final class UploadSlots {
  /// In all.
  static final int MAX = 64;

  /// Of those that are not CRITICAL_PLUS.
  static final int LESS_CRITICAL_MAX = MAX - MAX / 5;

  /// From one caller.
  static final int PER_CALLER_MAX = 16;

  private static final long RETRY_NANOS = 5_000_000_000L;

  private final SharedRoom room = new SharedRoom(MAX, LESS_CRITICAL_MAX, PER_CALLER_MAX);

  /// Takes a slot.
  ///
  /// @throws RefusedException 429 if the caller has all it may have, 503 if none is left
  void take(String caller, Criticality criticality) throws RefusedException {
    switch (room.take(caller, criticality, 1)) {
      case TAKEN -> {}
      case OWN_SHARE_TAKEN ->
          throw new RefusedException(
              new Refusal(
                  429,
                  "quota",
                  RETRY_NANOS,
                  PER_CALLER_MAX + " batches of yours are being received; wait until one is"));
      case FULL ->
          throw new RefusedException(
              new Refusal(
                  503,
                  JobBook.INTAKE_FULL,
                  RETRY_NANOS,
                  room.taken() + " batches are being received; try again after Retry-After"));
    }
  }

  /// Gives a slot back.
  void giveBack(String caller) {
    room.giveBack(caller, 1);
  }
}
