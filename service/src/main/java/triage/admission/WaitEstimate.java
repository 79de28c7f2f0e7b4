package triage.admission;

/// What a gate expects of the backends that are in rotation: how long a permit is held, when an
/// answer begins, and how soon those who wait have their turns.
///
/// A backend completes as many in a time as its limit over its usual time; the usual time of them
/// all is the mean over the requests that they will take, not over the backends.
///
/// **Units**: nanoseconds.
///
/// **Threads**: guarded by the lock of the gate's owner.
final class WaitEstimate {
  private static final double STANDING_WAIT_NANOS = 5_000_000;
  private static final double STANDING_SHARE = 0.5;
  private static final double BURST_WAIT_NANOS = 20_000_000;
  private static final double BURST_SHARE = 2;
  private static final int PLACES_MIN = 2;

  private final Lane[] lanes;
  private final int waitingMax;

  WaitEstimate(Lane[] lanes, int waitingMax) {
    this.lanes = lanes;
    this.waitingMax = waitingMax;
  }

  /// Gives how long a permit is usually held; 0 while that is not known of any backend.
  double heldNanos() {
    double limits = 0;
    double rates = 0;
    for (Lane lane : lanes) {
      if (lane.isOpen() && lane.heldNanos() > 0) {
        limits += lane.limit();
        rates += lane.limit() / lane.heldNanos();
      }
    }
    return rates == 0 ? 0 : limits / rates;
  }

  /// Gives how long it usually takes from a dispatch until the answer begins; 0 while that is not
  /// known of any backend.
  double untilAnsweredNanos() {
    double answered = 0;
    double rates = 0;
    for (Lane lane : lanes) {
      if (lane.isOpen() && lane.heldNanos() > 0) {
        answered += lane.limit() * (lane.untilAnswered().nanos() / lane.heldNanos());
        rates += lane.limit() / lane.heldNanos();
      }
    }
    return rates == 0 ? 0 : answered / rates;
  }

  /// Gives by how much that usually differs, at the backend where it differs most.
  double deviationNanos() {
    double most = 0;
    for (Lane lane : lanes) {
      if (lane.isOpen()) {
        most = Math.max(most, lane.untilAnswered().deviationNanos());
      }
    }
    return most;
  }

  /// Gives how long it takes until this many have been dispatched.
  double waitNanos(int places) {
    return places * heldNanos() / limit();
  }

  /// Gives how many are dispatched within a time.
  int placesWithin(double waitNanos) {
    double heldNanos = heldNanos();
    return heldNanos == 0
        ? waitingMax
        : (int) Math.max(PLACES_MIN, waitNanos * limit() / heldNanos);
  }

  /// Gives how long a burst may wait.
  double burstNanos() {
    return Math.max(BURST_WAIT_NANOS, BURST_SHARE * heldNanos());
  }

  /// Gives how long those wait who keep the backends busy and no more.
  double standingNanos() {
    return Math.max(STANDING_WAIT_NANOS, STANDING_SHARE * heldNanos());
  }

  private int limit() {
    int sum = 0;
    for (Lane lane : lanes) {
      if (lane.isOpen()) {
        sum += lane.limit();
      }
    }
    return Math.max(1, sum);
  }
}
