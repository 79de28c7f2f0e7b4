package triage.analysis;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.HashMap;
import java.util.Map;
import triage.admission.Criticality;
import triage.gateway.Refusal;
import triage.gateway.RefusedException;

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

  @GuardedBy("this")
  private final Map<String, Integer> byCaller = new HashMap<>();

  @GuardedBy("this")
  private int taken;

  /// Takes a slot.
  ///
  /// @throws RefusedException 429 if the caller has all it may have, 503 if none is left
  synchronized void take(String caller, Criticality criticality) throws RefusedException {
    int own = byCaller.getOrDefault(caller, 0);
    if (own >= PER_CALLER_MAX) {
      throw new RefusedException(
          new Refusal(
              429,
              "quota",
              RETRY_NANOS,
              PER_CALLER_MAX + " batches of yours are being received; wait until one is"));
    }
    int most = criticality == Criticality.CRITICAL_PLUS ? MAX : LESS_CRITICAL_MAX;
    if (taken >= most) {
      throw new RefusedException(
          new Refusal(
              503,
              JobBook.INTAKE_FULL,
              RETRY_NANOS,
              taken + " batches are being received; try again after Retry-After"));
    }
    taken++;
    byCaller.put(caller, own + 1);
  }

  /// Gives a slot back.
  synchronized void giveBack(String caller) {
    taken--;
    byCaller.computeIfPresent(caller, (name, own) -> own == 1 ? null : own - 1);
  }
}
