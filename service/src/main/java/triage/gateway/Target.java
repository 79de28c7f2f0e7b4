package triage.gateway;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import triage.admission.GateSnapshot;
import triage.admission.GateSnapshot.LaneSnapshot;
import triage.backend.InProcessBackend;
import triage.backend.ModelVersion;

/// A model version that can be asked, as other rooms see it.
///
/// **Threads**: immutable.
public final class Target {
  /// When it is worth asking again for what no backend in rotation works on.
  public static final long UNSERVED_NANOS = 60_000_000_000L;

  private static final long UNKNOWN_PACE_NANOS = 10_000_000_000L;

  private final ModelVersion model;

  Target(ModelVersion model) {
    this.model = model;
  }

  ModelVersion model() {
    return model;
  }

  /// Gives the model's name.
  public String name() {
    return model.name();
  }

  /// Gives the version's name.
  public String version() {
    return model.version();
  }

  /// Gives how many jobs its backends in rotation may hold at once: the room for work that can
  /// wait elsewhere. 0 while none is in rotation.
  public int room() {
    return model.turnstile().snapshot().lanes().stream()
        .filter(LaneSnapshot::open)
        .mapToInt(LaneSnapshot::patientLimit)
        .sum();
  }

  /// Gives how long its backends in rotation are likely to take for so much work that waits
  /// elsewhere, what they hold and what waits before them included: 60 s at most, and while none is
  /// in rotation; 10 s while their pace is not known.
  public long workOffNanos(long waiting) {
    return workOffNanos(model.turnstile().snapshot(), waiting);
  }

  /// A backend answers as many in a time as may be in flight there of those who can wait, over the
  /// time that it usually takes for one.
  static long workOffNanos(GateSnapshot gate, long waiting) {
    boolean served = false;
    double perNano = 0;
    long ahead = waiting + gate.waitingTotal();
    for (LaneSnapshot lane : gate.lanes()) {
      served |= lane.open();
      if (lane.open() && lane.heldNanos() > 0) {
        perNano += Math.max(1, lane.patientLimit()) / lane.heldNanos();
        ahead += lane.inFlight();
      }
    }
    if (!served) {
      return UNSERVED_NANOS;
    }
    return perNano == 0 ? UNKNOWN_PACE_NANOS : (long) Math.min(UNSERVED_NANOS, ahead / perNano);
  }

  /// Gives how long a caller is willing to wait, by its `Request-Timeout` header or the model's
  /// default.
  ///
  /// @throws RefusedException 400 if the header is no positive decimal number
  public Duration patience(@Nullable String requestTimeout) throws RefusedException {
    return RequestHeaders.patience(
        requestTimeout, model.settings().timeout(), model.settings().timeoutMax());
  }

  /// Checks an inference request as far as Triage knows the model's tensors.
  ///
  /// @throws RefusedException 400 naming the fault
  public void check(byte[] inference) throws RefusedException {
    if (model.backends().getFirst() instanceof InProcessBackend backend) {
      OipInference asked = new OipReader(backend.spec(), OipBody.json(inference)).read();
      if (!asked.binaryOutputs().isEmpty()) {
        throw new RefusedException(
            Refusal.badRequest(
                "raw outputs are not offered here; leave `binary_data` out or false"));
      }
    }
  }
}
