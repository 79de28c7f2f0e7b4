package triage.app;

import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import triage.gateway.ConnectionLimits;
import triage.gateway.Pacer;
import triage.gateway.ServerCertificate;
import triage.gateway.Slowness;

/// What is shown of callers' connections, for operators.
///
/// **Threads**: no state.
final class ConnectionMeter {
  private ConnectionMeter() {}

  static void register(PrometheusRegistry registry, ConnectionLimits limits, Pacer pacer) {
    GaugeWithCallback.builder()
        .name("triage_connections")
        .help("Connections at the callers' port.")
        .callback(callback -> callback.call(limits.open()))
        .register(registry);
    CounterWithCallback.builder()
        .name("triage_connections_refused_total")
        .help("Connections that were closed at once, by the limit that was reached.")
        .labelNames("limit")
        .callback(callback -> {
          callback.call((double) limits.refusedByAll(), "all");
          callback.call((double) limits.refusedByAddress(), "address");
        })
        .register(registry);
    CounterWithCallback.builder()
        .name("triage_slow_callers_total")
        .help("Callers that were given up, by what they were too slow at.")
        .labelNames("at")
        .callback(callback -> {
          for (Slowness slowness : Slowness.values()) {
            callback.call((double) pacer.slow(slowness), slowness.wire());
          }
        })
        .register(registry);
  }

  static void register(PrometheusRegistry registry, ServerCertificate certificate) {
    GaugeWithCallback.builder()
        .name("triage_certificate_ends_seconds")
        .help(
            "When the first certificate of the chain that callers are shown expires, in seconds"
                + " since 1970.")
        .callback(callback -> callback.call((double) certificate.ends().getEpochSecond()))
        .register(registry);
  }
}
