package triage.admission;

import java.util.Arrays;
import java.util.List;

/// The backends of one gate, and which of them a request is given to: the better of two that are
/// drawn from all that may take it.
///
/// The better one is where the expected time of a permit, times the share of the limit that would
/// be in use, over the backend's weight, is less. Two that are drawn and not the best of all:
/// several instances in front of the same backends would otherwise all choose the same one at once.
///
/// What is drawn follows from the seed and from how often was drawn before: the same calls give the
/// same choices.
///
/// **Threads**: guarded by the lock of the gate's owner.
///
/// **Source**: Mitzenmacher, The Power of Two Choices in Randomized Load Balancing, 2001;
/// SplitMix64 of Steele, Lea and Flood, 2014.
final class Rotation {
  /// Instead of a backend: none.
  static final int NONE = -1;

  /// What a backend must have to be chosen.
  private enum Wanted {
    ROOM,
    /// Room for one who can wait.
    PATIENT_ROOM,
    /// Its place in the rotation.
    OPEN
  }

  private final Lane[] lanes;
  private long drawn;

  Rotation(List<LaneSettings> settings, long seed) {
    lanes = new Lane[settings.size()];
    for (int i = 0; i < lanes.length; i++) {
      lanes[i] = new Lane(settings.get(i));
    }
    drawn = seed;
  }

  /// Gives the backend that takes a request, or [#NONE] if none has room for it: of those that it
  /// has not come to yet.
  int withRoom(Ticket ticket, long nowNanos) {
    return choose(Wanted.ROOM, ticket, nowNanos);
  }

  /// Does the same for one that has had no turn yet: who can wait leaves some of the room to
  /// others.
  int withRoomInTurn(Ticket ticket, long nowNanos) {
    return choose(ticket.isPatient() ? Wanted.PATIENT_ROOM : Wanted.ROOM, ticket, nowNanos);
  }

  /// Gives the backend that takes a request, whether it has room or not; [#NONE] if none is in
  /// rotation that it has not come to yet.
  int open(Ticket ticket, long nowNanos) {
    return choose(Wanted.OPEN, ticket, nowNanos);
  }

  private int choose(Wanted wanted, Ticket ticket, long nowNanos) {
    int candidates = 0;
    for (int i = 0; i < lanes.length; i++) {
      if (mayTake(i, wanted, ticket, nowNanos)) {
        candidates++;
      }
    }
    if (candidates == 0) {
      return NONE;
    }
    if (candidates == 1) {
      return candidate(0, wanted, ticket, nowNanos);
    }
    int first = draw(candidates);
    int second = draw(candidates - 1);
    int one = candidate(first, wanted, ticket, nowNanos);
    int other = candidate(second < first ? second : second + 1, wanted, ticket, nowNanos);
    return lanes[other].load(nowNanos) < lanes[one].load(nowNanos) ? other : one;
  }

  private boolean mayTake(int index, Wanted wanted, Ticket ticket, long nowNanos) {
    Lane lane = lanes[index];
    return !ticket.hasComeTo(index)
        && switch (wanted) {
          case ROOM -> lane.hasRoom(nowNanos);
          case PATIENT_ROOM -> lane.hasPatientRoom(nowNanos);
          case OPEN -> lane.isOpen();
        };
  }

  /// Gives the lane of the candidate of this number.
  private int candidate(int number, Wanted wanted, Ticket ticket, long nowNanos) {
    int left = number;
    for (int i = 0; i < lanes.length; i++) {
      if (mayTake(i, wanted, ticket, nowNanos) && left-- == 0) {
        return i;
      }
    }
    throw new IllegalStateException("no candidate " + number);
  }

  /// Gives a number from 0 to `bound` - 1.
  private int draw(int bound) {
    drawn += 0x9e3779b97f4a7c15L;
    long mixed = (drawn ^ (drawn >>> 30)) * 0xbf58476d1ce4e5b9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
    return (int) (((mixed >>> 33) * bound) >>> 31);
  }

  Lane lane(int index) {
    return lanes[index];
  }

  /// Gives all backends; not to be changed.
  Lane[] lanes() {
    return lanes;
  }

  /// Tells whether any backend is in rotation.
  boolean anyOpen() {
    return anyOpenBut(NONE);
  }

  /// Tells whether any backend but this one is in rotation.
  boolean anyOpenBut(int avoided) {
    for (int i = 0; i < lanes.length; i++) {
      if (i != avoided && lanes[i].isOpen()) {
        return true;
      }
    }
    return false;
  }

  /// Tells whether any backend is in rotation that a request has not come to yet.
  boolean anyOpenFor(Ticket ticket) {
    for (int i = 0; i < lanes.length; i++) {
      if (!ticket.hasComeTo(i) && lanes[i].isOpen()) {
        return true;
      }
    }
    return false;
  }

  /// Gives how many hold a permit.
  int inFlight() {
    int sum = 0;
    for (Lane lane : lanes) {
      sum += lane.inFlight();
    }
    return sum;
  }

  /// Gives how many permits are held or withheld beyond the limits.
  int excess(long nowNanos) {
    int excess = 0;
    for (Lane lane : lanes) {
      excess += Math.max(0, lane.taken(nowNanos) - lane.limit());
    }
    return excess;
  }

  /// Gives how many requests the backends can work on at once, as far as that is known.
  double capacity() {
    double sum = 0;
    for (Lane lane : lanes) {
      sum += lane.capacity();
    }
    return sum;
  }

  /// Gives after how long there is room although nothing ends; 0 where that makes none.
  ///
  /// @param patient whether that is asked for one who can wait
  long untilRoomNanos(boolean patient, long nowNanos) {
    long soonest = 0;
    for (Lane lane : lanes) {
      soonest = sooner(soonest, lane.withheldNanos(nowNanos));
      soonest = patient ? sooner(soonest, lane.patientRoomNanos(nowNanos)) : soonest;
    }
    return soonest;
  }

  private static long sooner(long one, long other) {
    return one == 0 || other == 0 ? Math.max(one, other) : Math.min(one, other);
  }

  /// Gives how long it takes until a backend is back that is out of rotation; `Long.MAX_VALUE`
  /// where none is.
  long untilReopens(long nowNanos) {
    long soonest = Long.MAX_VALUE;
    for (Lane lane : lanes) {
      if (!lane.isOpen()) {
        soonest = Math.min(soonest, lane.reopensNanos() - nowNanos);
      }
    }
    return soonest;
  }

  /// Gives how each backend is seen at this moment.
  List<GateSnapshot.LaneSnapshot> snapshot(long nowNanos) {
    return Arrays.stream(lanes).map(lane -> lane.snapshot(nowNanos)).toList();
  }

  /// Gives what callers are told when no backend is in rotation.
  Reason closedReason() {
    for (Lane lane : lanes) {
      if (lane.isAbsent(Absence.BREAKER_OPEN)) {
        return Reason.BREAKER_OPEN;
      }
    }
    return Reason.NO_BACKEND;
  }
}
