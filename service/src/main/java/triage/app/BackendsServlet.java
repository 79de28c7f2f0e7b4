package triage.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Set;
import triage.admission.Absence;
import triage.admission.GateSnapshot;
import triage.admission.GateSnapshot.LaneSnapshot;
import triage.backend.Backend;
import triage.backend.HttpBackend;
import triage.backend.InProcessBackend;
import triage.backend.ModelVersion;
import triage.backend.Models;

/// The backends of all models, as JSON for operators: `GET /backends`.
///
/// **Threads**: safe for use by several threads.
final class BackendsServlet extends HttpServlet {
  private static final long serialVersionUID = 1;
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final double NANOS_PER_MILLI = 1e6;

  private final transient Models models;

  BackendsServlet(Models models) {
    this.models = models;
  }

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    ObjectNode all = JSON.createObjectNode();
    ArrayNode shown = all.putArray("models");
    for (ModelVersion model : models.all()) {
      GateSnapshot seen = model.turnstile().snapshot();
      ObjectNode entry = shown.addObject();
      entry.put("model", model.name()).put("version", model.version());
      entry.put("mode", seen.mode().wire()).put("waiting", seen.waitingTotal());
      entry.put("retries", model.retries().retries());
      entry.put("retriesDenied", model.retries().denied());
      ArrayNode backends = entry.putArray("backends");
      for (int lane = 0; lane < seen.lanes().size(); lane++) {
        describe(backends.addObject(), model, lane, seen.lanes().get(lane));
      }
    }
    response.setContentType("application/json");
    response.getOutputStream().write(JSON.writeValueAsBytes(all));
  }

  private static void describe(ObjectNode entry, ModelVersion model, int lane, LaneSnapshot seen) {
    Backend backend = model.backends().get(lane);
    Set<Absence> absences = seen.absences();
    entry.put("name", backend.name()).put("state", state(seen));
    ArrayNode because = entry.putArray("because");
    absences.stream().sorted().forEach(absence -> because.add(absence.wire()));
    entry.put("limit", seen.limit()).put("limitSet", model.turnstile().limit(lane).wire());
    entry.put("jobLimit", seen.patientLimit());
    entry.put("capacity", Math.round(seen.capacity() * 10) / 10.0);
    if (Double.isInfinite(seen.refusalBound())) {
      entry.putNull("refusalBound");
    } else {
      entry.put("refusalBound", Math.round(seen.refusalBound() * 10) / 10.0);
    }
    entry.put("inFlight", seen.inFlight()).put("withheld", seen.withheld());
    entry.put("refusals", seen.refusals());
    entry.put("usualMs", millis(seen.heldNanos()));
    entry.put("answersAfterMs", millis(seen.untilAnsweredNanos()));
    entry.put("weight", model.settings().backends().get(lane).weight());
    entry.put("ejected", absences.contains(Absence.EJECTED));
    entry.put("draining", absences.contains(Absence.DRAINED));
    switch (backend) {
      case InProcessBackend _ -> entry.putNull("url").putNull("breaker");
      case HttpBackend server ->
          entry
              .put("url", server.url().toString())
              .put("breaker", server.breaker().state())
              .put("attempts", server.attempts());
    }
  }

  private static double millis(double nanos) {
    return Math.round(nanos / NANOS_PER_MILLI * 1000) / 1000.0;
  }

  /// Gives the word for what a backend is doing, as far as one word goes.
  private static String state(LaneSnapshot seen) {
    if (seen.open()) {
      return "in-rotation";
    }
    if (seen.absences().contains(Absence.DRAINED)) {
      return seen.inFlight() > 0 ? "draining" : "drained";
    }
    return "out-of-rotation";
  }
}
