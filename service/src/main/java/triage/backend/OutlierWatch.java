package triage.backend;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.admission.Absence;
import triage.admission.GateSnapshot;
import triage.admission.GateSnapshot.LaneSnapshot;
import triage.time.MonotonicClock;

/// Takes backends of one model version out of rotation that do much worse than their peers, at most
/// a third of them at a time. A backend whose breaker is open is out already and does not count.
///
/// It looks once a second. A backend *fails more* when the share of its exchanges that failed of
/// late is over the bound and four times that of its peers together. It is *slower* when its usual
/// time is so many times that of the middle one of its peers, on three looks in a row while nobody
/// waits: a slow backend is better than none.
///
/// **Threads**: confined to the timer's thread.
final class OutlierWatch {
  private static final Logger LOG = LoggerFactory.getLogger(OutlierWatch.class);
  private static final double KEPT = 0.8;
  private static final double EXCHANGES_MIN = 5;
  private static final double PEERS_SHARE = 0.25;
  private static final int SLOW_LOOKS = 3;
  private static final int LONGER_MAX = 6;
  private static final long FORGIVEN_NANOS = 60_000_000_000L;

  /// What is known of one backend; the counts fade.
  private static final class Conduct {
    private BackendBreaker.Counts last = new BackendBreaker.Counts(0, 0);
    private double succeeded;
    private double failed;
    private int slowLooks;
    private int ejections;
    private long backNanos;

    private double total() {
      return succeeded + failed;
    }
  }

  private final String model;
  private final EjectionSettings settings;
  private final Turnstile turnstile;
  private final List<@Nullable BackendBreaker> breakers;
  private final List<Conduct> conducts = new ArrayList<>();
  private final MonotonicClock clock;
  private final ScheduledExecutorService timer;

  /// Makes the watch; it looks when it is told to.
  ///
  /// @param breakers by lane; null for a backend in this process, which is never ejected
  OutlierWatch(
      String model,
      EjectionSettings settings,
      Turnstile turnstile,
      List<@Nullable BackendBreaker> breakers,
      MonotonicClock clock,
      ScheduledExecutorService timer) {
    this.model = model;
    this.settings = settings;
    this.turnstile = turnstile;
    this.breakers = breakers;
    this.clock = clock;
    this.timer = timer;
    breakers.forEach(_ -> conducts.add(new Conduct()));
  }

  /// Looks at all backends, and ejects those that must be.
  void look() {
    GateSnapshot seen = turnstile.snapshot();
    List<LaneSnapshot> lanes = seen.lanes();
    count();
    int ejected =
        (int) lanes.stream().filter(lane -> lane.absences().contains(Absence.EJECTED)).count();
    for (int lane = 0; lane < lanes.size(); lane++) {
      Conduct conduct = conducts.get(lane);
      if (breakers.get(lane) == null || !lanes.get(lane).open()) {
        conduct.slowLooks = 0;
        continue;
      }
      boolean slower = isSlower(lane, lanes) && seen.waitingTotal() == 0;
      conduct.slowLooks = slower ? conduct.slowLooks + 1 : 0;
      boolean failing = failsMore(lane, lanes);
      boolean outlier = failing || conduct.slowLooks >= SLOW_LOOKS;
      if (outlier && ejected < lanes.size() / 3 && turnstile.hasOther(lane)) {
        ejected++;
        eject(lane, failing ? "fails" : "slow");
      }
    }
  }

  private void count() {
    for (int lane = 0; lane < conducts.size(); lane++) {
      BackendBreaker breaker = breakers.get(lane);
      if (breaker != null) {
        Conduct conduct = conducts.get(lane);
        BackendBreaker.Counts now = breaker.counts();
        conduct.succeeded = KEPT * conduct.succeeded + now.succeeded() - conduct.last.succeeded();
        conduct.failed = KEPT * conduct.failed + now.failed() - conduct.last.failed();
        conduct.last = now;
      }
    }
  }

  private boolean failsMore(int lane, List<LaneSnapshot> lanes) {
    Conduct own = conducts.get(lane);
    double share = own.failed / Math.max(1, own.total());
    if (own.total() < EXCHANGES_MIN || share < settings.failureShare()) {
      return false;
    }
    double failed = 0;
    double total = 0;
    for (int peer = 0; peer < lanes.size(); peer++) {
      if (peer != lane && lanes.get(peer).open()) {
        failed += conducts.get(peer).failed;
        total += conducts.get(peer).total();
      }
    }
    return total > 0 && failed / total <= PEERS_SHARE * share;
  }

  private boolean isSlower(int lane, List<LaneSnapshot> lanes) {
    double[] peers = new double[lanes.size()];
    int known = 0;
    for (int peer = 0; peer < lanes.size(); peer++) {
      LaneSnapshot other = lanes.get(peer);
      if (peer != lane && other.open() && other.heldNanos() > 0) {
        peers[known++] = other.heldNanos();
      }
    }
    if (known == 0 || conducts.get(lane).succeeded < EXCHANGES_MIN) {
      return false;
    }
    Arrays.sort(peers, 0, known);
    return lanes.get(lane).heldNanos() >= settings.slowerBy() * peers[known / 2];
  }

  private void eject(int lane, String cause) {
    Conduct conduct = conducts.get(lane);
    long now = clock.nanos();
    if (conduct.ejections > 0 && now - conduct.backNanos > FORGIVEN_NANOS) {
      conduct.ejections = 0;
    }
    conduct.ejections = Math.min(conduct.ejections + 1, LONGER_MAX);
    long outNanos = settings.ejectFor().toNanos() * conduct.ejections;
    conduct.backNanos = now + outNanos;
    conduct.succeeded = 0;
    conduct.failed = 0;
    conduct.slowLooks = 0;
    LOG.warn(
        "event=backend-ejected model={} lane={} cause={} ejectedMs={}",
        model,
        lane,
        cause,
        outNanos / 1_000_000);
    turnstile.close(lane, Absence.EJECTED, conduct.backNanos);
    var _ =
        timer.schedule(() -> turnstile.open(lane, Absence.EJECTED), outNanos, TimeUnit.NANOSECONDS);
  }
}
