package triage.admission;

import java.util.List;
import java.util.Set;

/// A gate at one moment, for those who watch it.
///
/// @param mode how far it acts upon its decisions
/// @param wouldShed how many it has let pass since the start that enforcing would have shed
/// @param leaked how many permits were not given back since the start, and were taken back
/// @param waiting how many wait, by criticality, most critical first
/// @param lanes what each backend may hold and holds
public record GateSnapshot(
    Mode mode, long wouldShed, long leaked, List<Integer> waiting, List<LaneSnapshot> lanes) {
  /// One backend at that moment.
  ///
  /// @param limit how many requests may be in flight there
  /// @param patientLimit the same for one who can wait: less where such would be in the way of
  ///     others
  /// @param capacity how many it can work on at once, as far as the gate has found out
  /// @param refusalBound how many it can work on at most, as its refusals say; infinite where they
  ///     say nothing
  /// @param inFlight how many are in flight there
  /// @param withheld how many permits are withheld now because it refused their requests: there is
  ///     room for the limit less these and those in flight
  /// @param refusals how many requests it has refused for want of room since the start
  /// @param heldNanos how long a permit there is usually held; 0 while unknown
  /// @param untilAnsweredNanos how long it usually takes until an answer begins; 0 while unknown
  /// @param absences why it is out of rotation; empty while it takes requests
  public record LaneSnapshot(
      int limit,
      int patientLimit,
      double capacity,
      double refusalBound,
      int inFlight,
      int withheld,
      long refusals,
      double heldNanos,
      double untilAnsweredNanos,
      Set<Absence> absences) {
    /// Copies the set.
    public LaneSnapshot {
      absences = Set.copyOf(absences);
    }

    /// Tells whether it takes requests.
    public boolean open() {
      return absences.isEmpty();
    }
  }

  /// Copies the lists.
  public GateSnapshot {
    waiting = List.copyOf(waiting);
    lanes = List.copyOf(lanes);
  }

  /// Gives how many wait in all classes together.
  public int waitingTotal() {
    return waiting.stream().mapToInt(Integer::intValue).sum();
  }
}
