package triage.app;

import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import triage.admission.Mode;
import triage.pressure.Pressure;
import triage.pressure.Signal;

/// What is shown of the pressure and the modes, for operators.
///
/// **Threads**: no state.
final class PressureMeter {
  private PressureMeter() {}

  static void register(PrometheusRegistry registry, Pressure pressure, Switchboard modes) {
    GaugeWithCallback.builder()
        .name("triage_pressure_signal")
        .help("A signal as a share of its set point; none where it is absent.")
        .labelNames("signal")
        .callback(callback ->
            pressure
                .reading()
                .signals()
                .forEach(
                    (signal, value) -> callback.call(value / signal.setPoint(), signal.wire())))
        .register(registry);
    GaugeWithCallback.builder()
        .name("triage_pressure_signal_present")
        .help("1 while a signal can be read, 0 while it is absent.")
        .labelNames("signal")
        .callback(callback -> {
          for (Signal signal : Signal.values()) {
            boolean present = pressure.reading().signals().containsKey(signal);
            callback.call(present ? 1 : 0, signal.wire());
          }
        })
        .register(registry);
    GaugeWithCallback.builder()
        .name("triage_pressure")
        .help("The greatest signal, smoothed: above 1 is too much.")
        .callback(callback -> callback.call(pressure.reading().pressure()))
        .register(registry);
    GaugeWithCallback.builder()
        .name("triage_door_shed_fraction")
        .help("The share of arrivals that the front door is to shed.")
        .callback(callback -> callback.call(pressure.reading().shedFraction()))
        .register(registry);
    GaugeWithCallback.builder()
        .name("triage_pressure_own_share")
        .help("This process's part of the CPU in use; none where it cannot be known.")
        .callback(callback -> pressure.reading().ownShare().ifPresent(callback::call))
        .register(registry);
    GaugeWithCallback.builder()
        .name("triage_door_reach")
        .help("The largest share of arrivals that it may help to shed: others use the CPU, too.")
        .callback(callback -> callback.call(pressure.reading().reach()))
        .register(registry);
    GaugeWithCallback.builder()
        .name("triage_mode")
        .help("1 for the mode that holds, 0 for the others.")
        .labelNames("target", "mode")
        .callback(callback ->
            modes
                .all()
                .forEach((target, held) -> {
                  for (Mode mode : Mode.values()) {
                    callback.call(mode.wire().equals(held) ? 1 : 0, target, mode.wire());
                  }
                }))
        .register(registry);
  }
}
