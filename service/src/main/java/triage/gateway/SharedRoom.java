package triage.gateway;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.HashMap;
import java.util.Map;
import triage.admission.Criticality;

/// A bounded room that callers share: nobody has more than one caller may, and the last part of it
/// is kept for [Criticality#CRITICAL_PLUS].
///
/// **Units**: whatever is counted, places or bytes.
///
/// **Threads**: safe for use by several threads, none of which blocks here.
public final class SharedRoom {
  private final long most;
  private final long lessCriticalMost;
  private final long perCallerMost;

  @GuardedBy("this")
  private final Map<String, Long> byCaller = new HashMap<>();

  @GuardedBy("this")
  private long taken;

  /// What came of a wish for room.
  public enum Answer {
    /// It is taken.
    TAKEN,
    /// The caller has what one may have.
    OWN_SHARE_TAKEN,
    /// There is no room left, or none for so little critical a wish.
    FULL
  }

  /// Makes a room of which nobody has anything.
  ///
  /// @param most in all
  /// @param lessCriticalMost of that, what is not kept for CRITICAL_PLUS
  /// @param perCallerMost for one caller
  public SharedRoom(long most, long lessCriticalMost, long perCallerMost) {
    this.most = most;
    this.lessCriticalMost = lessCriticalMost;
    this.perCallerMost = perCallerMost;
  }

  /// Makes a room of bytes of jobs: the last fifth is kept for CRITICAL_PLUS, and nobody has more
  /// than a quarter.
  public static SharedRoom ofBytes(long most) {
    return new SharedRoom(most, most / 5 * 4, most / 4);
  }

  /// Gives the most that one caller may have.
  public long perCallerMost() {
    return perCallerMost;
  }

  /// Takes some of the room, or none.
  public synchronized Answer take(String caller, Criticality criticality, long amount) {
    long own = byCaller.getOrDefault(caller, 0L) + amount;
    if (own > perCallerMost) {
      return Answer.OWN_SHARE_TAKEN;
    }
    if (taken + amount > (criticality == Criticality.CRITICAL_PLUS ? most : lessCriticalMost)) {
      return Answer.FULL;
    }
    taken += amount;
    byCaller.put(caller, own);
    return Answer.TAKEN;
  }

  /// Takes some of the room, though there may be none.
  public synchronized void add(String caller, long amount) {
    taken += amount;
    byCaller.merge(caller, amount, Long::sum);
  }

  /// Gives some of it back; no more than the caller has.
  public synchronized void giveBack(String caller, long amount) {
    long back = Math.min(amount, byCaller.getOrDefault(caller, 0L));
    taken -= back;
    byCaller.computeIfPresent(caller, (name, own) -> own == back ? null : own - back);
  }

  /// Sets what all callers have.
  public synchronized void counted(Map<String, Long> amountByCaller) {
    byCaller.clear();
    byCaller.putAll(amountByCaller);
    taken = amountByCaller.values().stream().mapToLong(Long::longValue).sum();
  }

  /// Gives how much is taken.
  public synchronized long taken() {
    return taken;
  }
}
