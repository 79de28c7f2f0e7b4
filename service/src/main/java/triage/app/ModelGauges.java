package triage.app;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import java.util.function.ToIntFunction;
import triage.admission.GateSnapshot;
import triage.admission.GateSnapshot.LaneSnapshot;
import triage.backend.ModelVersion;
import triage.backend.Models;
import triage.gateway.FrontDoor;

/// The state of the gates and the door in Dropwizard's own metrics, for `/metrics.json`.
///
/// **Threads**: no state.
final class ModelGauges {
  /// What the names begin with; Prometheus has the same state under labels of its own.
  static final String PREFIX = "triage.";

  private ModelGauges() {}

  static void register(MetricRegistry registry, Models models, FrontDoor door) {
    registry.registerGauge(PREFIX + "door.in-flight", door::inFlight);
    registry.registerGauge(PREFIX + "door.refused", door::refused);
    for (ModelVersion model : models.all()) {
      String name = PREFIX + model.label();
      registry.registerGauge(name + ".waiting", gauge(model, GateSnapshot::waitingTotal));
      registry.registerGauge(
          name + ".in-flight", gauge(model, seen -> sum(seen, LaneSnapshot::inFlight)));
      registry.registerGauge(
          name + ".withheld", gauge(model, seen -> sum(seen, LaneSnapshot::withheld)));
      registry.registerGauge(name + ".limit", gauge(model, seen -> sum(seen, LaneSnapshot::limit)));
    }
  }

  private static Gauge<Integer> gauge(ModelVersion model, ToIntFunction<GateSnapshot> value) {
    return () -> value.applyAsInt(model.turnstile().snapshot());
  }

  private static int sum(GateSnapshot seen, ToIntFunction<LaneSnapshot> value) {
    return seen.lanes().stream().mapToInt(value).sum();
  }
}
