package triage.analysis;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import triage.admission.Criticality;
import triage.gateway.SharedRoom;

/// How many bytes of jobs are kept, whatever their state, and who may add to them: a bound on what
/// callers can fill whose work keeps up.
///
/// The last fifth is kept for [Criticality#CRITICAL_PLUS], nobody holds more than a quarter, and a
/// study may have a bound of its own, which holds for everybody. What the store says is counted
/// anew now and then; what this instance has taken in since a count began comes on top. Something
/// that came to the store in the moment of its beginning is in both until the next one.
///
/// **Threads**: safe for use by several threads, none of which blocks here.
final class StoredBytes {
  private final SharedRoom room;
  private final Map<String, Long> studyMax;

  @GuardedBy("this")
  private final Map<String, Long> byStudy = new HashMap<>();

  @GuardedBy("this")
  private final Tally reserved = new Tally();

  @GuardedBy("this")
  private final Tally reservedByStudy = new Tally();

  /// What was taken in since the newest count began.
  @GuardedBy("this")
  private final Tally since = new Tally();

  @GuardedBy("this")
  private final Tally sinceByStudy = new Tally();

  /// What came of a wish for room.
  enum Answer {
    /// It is taken.
    TAKEN,
    /// The study has what it may have.
    STUDY_FULL,
    /// There is no room left, none for this caller, or none for so little critical a wish.
    FULL
  }

  /// Makes a store of which nobody has anything.
  ///
  /// @param bytesMax in all
  /// @param studyMax of single studies
  StoredBytes(long bytesMax, Map<String, Long> studyMax) {
    this.room = SharedRoom.ofBytes(bytesMax);
    this.studyMax = Map.copyOf(studyMax);
  }

  /// Takes bytes in, or none.
  synchronized Answer take(
      String caller, @Nullable String study, Criticality criticality, long bytes) {
    Answer answer = hold(caller, study, criticality, bytes);
    if (answer == Answer.TAKEN) {
      add(since, sinceByStudy, caller, study, bytes);
    }
    return answer;
  }

  /// Takes bytes in that come to the store later, or not at all: no count knows of them.
  synchronized Answer reserve(
      String caller, @Nullable String study, Criticality criticality, long bytes) {
    Answer answer = hold(caller, study, criticality, bytes);
    if (answer == Answer.TAKEN) {
      add(reserved, reservedByStudy, caller, study, bytes);
    }
    return answer;
  }

  @GuardedBy("this")
  private Answer hold(String caller, @Nullable String study, Criticality criticality, long bytes) {
    String bounded = study != null && studyMax.containsKey(study) ? study : "";
    long had = byStudy.getOrDefault(bounded, 0L);
    if (had + bytes > studyMax.getOrDefault(bounded, Long.MAX_VALUE)) {
      return Answer.STUDY_FULL;
    }
    if (room.take(caller, criticality, bytes) != SharedRoom.Answer.TAKEN) {
      return Answer.FULL;
    }
    if (!bounded.isEmpty()) {
      byStudy.put(bounded, had + bytes);
    }
    return Answer.TAKEN;
  }

  private static void add(
      Tally byCaller, Tally byStudy, String caller, @Nullable String study, long bytes) {
    byCaller.add(caller, bytes);
    if (study != null) {
      byStudy.add(study, bytes);
    }
  }

  private static void lessen(
      Tally byCaller, Tally byStudy, String caller, @Nullable String study, long bytes) {
    byCaller.lessen(caller, bytes);
    if (study != null) {
      byStudy.lessen(study, bytes);
    }
  }

  /// Gives bytes back that were reserved.
  synchronized void release(String caller, @Nullable String study, long bytes) {
    letGo(caller, study, bytes);
    lessen(reserved, reservedByStudy, caller, study, bytes);
  }

  /// Takes bytes in that nobody may refuse.
  synchronized void add(String caller, @Nullable String study, long bytes) {
    room.add(caller, bytes);
    add(since, sinceByStudy, caller, study, bytes);
    if (study != null && studyMax.containsKey(study)) {
      byStudy.merge(study, bytes, Long::sum);
    }
  }

  /// Gives bytes back that were taken in and never came to the store, or did not stay there. A
  /// count may have come in between.
  synchronized void giveBack(String caller, @Nullable String study, long bytes) {
    letGo(caller, study, bytes);
    lessen(since, sinceByStudy, caller, study, bytes);
  }

  @GuardedBy("this")
  private void letGo(String caller, @Nullable String study, long bytes) {
    room.giveBack(caller, bytes);
    if (study != null) {
      byStudy.computeIfPresent(study, (name, had) -> Math.max(0, had - bytes));
    }
  }

  /// Tells that a count begins: what is taken in from now on is none of its.
  synchronized void counting() {
    since.clear();
    sinceByStudy.clear();
  }

  /// Sets what the store has counted; what is reserved, and what was taken in since the count
  /// began, comes on top.
  synchronized void counted(Map<String, Long> bytesByCaller, Map<String, Long> bytesByStudy) {
    room.counted(since.on(reserved.on(bytesByCaller)));
    byStudy.clear();
    byStudy.putAll(sinceByStudy.on(reservedByStudy.on(bytesByStudy)));
  }
}
