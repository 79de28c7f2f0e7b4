package triage.gateway;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Unit;
import java.util.Locale;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import triage.admission.Criticality;
import triage.admission.DoorClass;
import triage.admission.GateSnapshot;
import triage.audit.AuditTrail;
import triage.backend.Backend;
import triage.backend.HttpBackend;
import triage.backend.ModelVersion;
import triage.backend.Models;

/// What is counted of exchanges, for operators and capacity planners.
///
/// Labels come from the settings only, never from a caller, so their number is bounded.
///
/// **Units**: seconds, as Prometheus has it.
///
/// **Threads**: safe for use by several threads.
public final class ExchangeMeter {
  private static final double NANOS_PER_SECOND = 1e9;
  private static final double[] SECONDS = {
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60
  };

  private static final String[] LABELS = labels();

  private final Counter requests;
  private final Counter refusedCallers;
  private final Histogram waiting;
  private final Histogram service;

  /// Registers the metrics.
  ///
  /// @param models the models whose gates are shown
  /// @param door the front door, for its counts
  /// @param doorkeeper for what is shed there
  /// @param intake for what comes in all the same
  /// @param audit the audit trail, for its counts
  public ExchangeMeter(
      PrometheusRegistry registry,
      Models models,
      FrontDoor door,
      Doorkeeper doorkeeper,
      IntakeShare intake,
      AuditTrail audit) {
    requests =
        Counter.builder()
            .name("triage_requests_total")
            .help("Inference requests by how they ended.")
            .labelNames("model", "criticality", "status", "reason")
            .register(registry);
    refusedCallers =
        Counter.builder()
            .name("triage_identity_refused_total")
            .help("Requests without a valid token, by what was wrong with it.")
            .labelNames("cause")
            .register(registry);
    waiting =
        Histogram.builder()
            .name("triage_queue_seconds")
            .help("Time between the offer at a model's gate and its decision.")
            .unit(Unit.SECONDS)
            .classicOnly()
            .classicUpperBounds(SECONDS)
            .labelNames("model", "criticality")
            .register(registry);
    service =
        Histogram.builder()
            .name("triage_service_seconds")
            .help("Time a permit was held by a request that was served.")
            .unit(Unit.SECONDS)
            .classicOnly()
            .classicUpperBounds(SECONDS)
            .labelNames("model", "backend")
            .register(registry);
    registerGates(registry, models);
    gauge(registry, "triage_door_in_flight", "Requests inside this instance.", door::inFlight);
    gauge(
        registry,
        "triage_door_reserve_in_flight",
        "Requests inside by the share kept for work that is answered later.",
        intake::inside);
    counter(
        registry,
        "triage_door_reserve_admitted_total",
        "Requests that came in by the share kept for work that is answered later.",
        intake::admitted);
    counter(
        registry,
        "triage_door_refused_total",
        "Requests refused at the front door, before their body was read.",
        door::refused);
    byClass(
        registry,
        "triage_door_shed_total",
        "Requests shed at the front door, for pressure or want of room.",
        doorkeeper::shed);
    byClass(
        registry,
        "triage_door_would_shed_total",
        "Requests that the front door would have shed, in mode observe.",
        doorkeeper::wouldShed);
    gauge(
        registry,
        "triage_audit_buffered",
        "Exchanges that are under way or whose audit row is not yet committed.",
        audit::buffered);
    counter(
        registry,
        "triage_audit_written_total",
        "Audit rows of exchanges that were committed.",
        audit::written);
    counter(
        registry,
        "triage_audit_refused_total",
        "Exchanges refused because the audit trail had no room.",
        audit::refused);
    counter(
        registry,
        "triage_audit_gaps_total",
        "What is missing from the audit trail, and counted there in gap rows.",
        audit::gaps);
  }

  private static void gauge(
      PrometheusRegistry registry, String name, String help, LongSupplier value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(callback -> callback.call((double) value.getAsLong()))
        .register(registry);
  }

  private static void counter(
      PrometheusRegistry registry, String name, String help, LongSupplier value) {
    CounterWithCallback.builder()
        .name(name)
        .help(help)
        .callback(callback -> callback.call((double) value.getAsLong()))
        .register(registry);
  }

  private static void byClass(
      PrometheusRegistry registry, String name, String help, ToLongFunction<DoorClass> value) {
    CounterWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames("criticality")
        .callback(callback -> {
          for (DoorClass kind : DoorClass.values()) {
            callback.call((double) value.applyAsLong(kind), kind.wire());
          }
        })
        .register(registry);
  }

  private static void registerGates(PrometheusRegistry registry, Models models) {
    GaugeWithCallback.builder()
        .name("triage_waiting")
        .help("Requests that wait at a model's gate.")
        .labelNames("model", "criticality")
        .callback(callback -> {
          for (ModelVersion model : models.all()) {
            GateSnapshot seen = model.turnstile().snapshot();
            for (Criticality criticality : Criticality.values()) {
              callback.call(
                  seen.waiting().get(criticality.rank()), model.label(), label(criticality));
            }
          }
        })
        .register(registry);
    GaugeWithCallback.builder()
        .name("triage_in_flight")
        .help("Requests that a backend holds.")
        .labelNames("model", "backend")
        .callback(
            callback -> eachLane(models, (lane, labels) -> callback.call(lane.inFlight(), labels)))
        .register(registry);
    GaugeWithCallback.builder()
        .name("triage_limit")
        .help("Requests that a backend may hold.")
        .labelNames("model", "backend")
        .callback(
            callback -> eachLane(models, (lane, labels) -> callback.call(lane.limit(), labels)))
        .register(registry);
    GaugeWithCallback.builder()
        .name("triage_capacity")
        .help("Requests that a backend can work on at once, as far as its gate has found out.")
        .labelNames("model", "backend")
        .callback(
            callback -> eachLane(models, (lane, labels) -> callback.call(lane.capacity(), labels)))
        .register(registry);
    registerRefusals(registry, models);
    byModel(
        registry,
        models,
        "triage_gate_would_shed_total",
        "Requests that a gate in mode observe let pass and would have shed.",
        model -> model.turnstile().snapshot().wouldShed());
    byModel(
        registry,
        models,
        "triage_gate_leaked_total",
        "Permits that were not given back, and were taken back: a bug where it is not 0.",
        model -> model.turnstile().snapshot().leaked());
    CounterWithCallback.builder()
        .name("triage_backend_attempts_total")
        .help("Requests sent to a model server, second tries included.")
        .labelNames("model", "backend")
        .callback(callback -> {
          for (ModelVersion model : models.all()) {
            for (Backend backend : model.backends()) {
              if (backend instanceof HttpBackend server) {
                callback.call((double) server.attempts(), model.label(), backend.name());
              }
            }
          }
        })
        .register(registry);
    byModel(
        registry,
        models,
        "triage_retries_total",
        "Requests tried again because a backend had failed them.",
        model -> model.retries().retries());
    byModel(
        registry,
        models,
        "triage_retries_denied_total",
        "Requests not tried again because the retry budget was spent.",
        model -> model.retries().denied());
    byModel(
        registry,
        models,
        "triage_hedges_total",
        "Requests sent to a second backend while the first had not answered.",
        model -> model.hedging().sentCount());
    byModel(
        registry,
        models,
        "triage_hedges_won_total",
        "Requests that the second backend answered first.",
        model -> model.hedging().wonCount());
    GaugeWithCallback.builder()
        .name("triage_in_rotation")
        .help("1 while a backend takes requests, 0 while its breaker is open.")
        .labelNames("model", "backend")
        .callback(callback ->
            eachLane(models, (lane, labels) -> callback.call(lane.open() ? 1 : 0, labels)))
        .register(registry);
  }

  private static void registerRefusals(PrometheusRegistry registry, Models models) {
    CounterWithCallback.builder()
        .name("triage_backend_refusals_total")
        .help("Requests that a backend refused for want of room.")
        .labelNames("model", "backend")
        .callback(callback ->
            eachLane(models, (lane, labels) -> callback.call((double) lane.refusals(), labels)))
        .register(registry);
    GaugeWithCallback.builder()
        .name("triage_withheld")
        .help("Permits of a backend that nobody is given yet because it refused their requests.")
        .labelNames("model", "backend")
        .callback(
            callback -> eachLane(models, (lane, labels) -> callback.call(lane.withheld(), labels)))
        .register(registry);
    GaugeWithCallback.builder()
        .name("triage_refusal_bound")
        .help("Requests that a backend can work on at most, as its refusals say; absent without.")
        .labelNames("model", "backend")
        .callback(callback ->
            eachLane(
                models,
                (lane, labels) -> {
                  if (!Double.isInfinite(lane.refusalBound())) {
                    callback.call(lane.refusalBound(), labels);
                  }
                }))
        .register(registry);
  }

  private static void byModel(
      PrometheusRegistry registry,
      Models models,
      String name,
      String help,
      ToLongFunction<ModelVersion> value) {
    CounterWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames("model")
        .callback(callback -> {
          for (ModelVersion model : models.all()) {
            callback.call((double) value.applyAsLong(model), model.label());
          }
        })
        .register(registry);
  }

  private static void eachLane(Models models, LaneReader reader) {
    for (ModelVersion model : models.all()) {
      GateSnapshot seen = model.turnstile().snapshot();
      for (int i = 0; i < seen.lanes().size(); i++) {
        reader.read(seen.lanes().get(i), model.label(), model.backends().get(i).name());
      }
    }
  }

  /// Counts a request that was decided at a gate.
  void waited(ModelVersion model, Criticality criticality, long nanos) {
    waiting.labelValues(model.label(), label(criticality)).observe(nanos / NANOS_PER_SECOND);
  }

  /// Counts a request that a backend served.
  void served(ModelVersion model, String backend, long nanos) {
    service.labelValues(model.label(), backend).observe(nanos / NANOS_PER_SECOND);
  }

  /// Counts how a request ended.
  void ended(ModelVersion model, Criticality criticality, int status, @Nullable String reason) {
    requests
        .labelValues(
            model.label(),
            label(criticality),
            Integer.toString(status),
            reason == null ? "" : reason)
        .inc();
  }

  /// Counts a request without a valid token.
  void refusedCaller(String cause) {
    refusedCallers.labelValues(cause).inc();
  }

  private static String label(Criticality criticality) {
    return LABELS[criticality.rank()];
  }

  private static String[] labels() {
    Criticality[] all = Criticality.values();
    String[] labels = new String[all.length];
    for (Criticality criticality : all) {
      labels[criticality.rank()] = criticality.name().toLowerCase(Locale.ROOT);
    }
    return labels;
  }

  /// Takes one lane and its labels.
  @FunctionalInterface
  private interface LaneReader {
    void read(GateSnapshot.LaneSnapshot lane, String... labels);
  }
}
