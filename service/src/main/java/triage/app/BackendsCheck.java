package triage.app;

import com.codahale.metrics.health.HealthCheck;
import java.util.ArrayList;
import java.util.List;
import triage.admission.GateSnapshot.LaneSnapshot;
import triage.backend.ModelVersion;
import triage.backend.Models;

/// Whether every model has a backend in rotation.
///
/// **Threads**: safe for use by several threads.
final class BackendsCheck extends HealthCheck {
  private final Models models;

  BackendsCheck(Models models) {
    this.models = models;
  }

  @Override
  protected Result check() {
    List<String> out = new ArrayList<>();
    for (ModelVersion model : models.all()) {
      if (model.turnstile().snapshot().lanes().stream().noneMatch(LaneSnapshot::open)) {
        out.add(model.label());
      }
    }
    return out.isEmpty()
        ? Result.healthy()
        : Result.unhealthy("no backend in rotation for: " + String.join(", ", out));
  }
}
