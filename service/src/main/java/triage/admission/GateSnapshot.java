package triage.admission;

import java.util.List;

/// A gate at one moment, for those who watch it.
///
/// @param waiting how many wait, by criticality, most critical first
/// @param lanes what each backend may hold and holds
public record GateSnapshot(List<Integer> waiting, List<LaneSnapshot> lanes) {
  /// One backend at that moment.
  ///
  /// @param limit how many requests may be in flight there
  /// @param inFlight how many are
  /// @param open whether it takes requests
  public record LaneSnapshot(int limit, int inFlight, boolean open) {}

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
