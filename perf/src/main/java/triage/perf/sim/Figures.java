package triage.perf.sim;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/// What one run came to.
///
/// @param scenario the cell
/// @param policy whose run it was
/// @param seed of its chance
/// @param values what was measured, by name, in the order of the record; [Measurement] has their
///     meaning
record Figures(Scenario scenario, String policy, int seed, Map<String, Double> values) {
  Figures {
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /// Gives a value; not a number if it does not apply.
  double value(String name) {
    return values.getOrDefault(name, Double.NaN);
  }

  double goodput() {
    return value("goodput");
  }

  /// Gives the limit at the end as a multiple of the capacity that is there for the gateways.
  double limitOverCapacity() {
    return value("limit_end") / (scenario.capacity() * scenario.share());
  }

  /// Gives the same as another policy's.
  Figures as(String policy) {
    return new Figures(scenario, policy, seed, values);
  }

  String json() {
    StringBuilder line =
        new StringBuilder("{\"scenario\":\"")
            .append(scenario.name())
            .append("\",\"cell\":\"")
            .append(scenario.cell())
            .append("\",\"policy\":\"")
            .append(policy)
            .append("\",\"seed\":")
            .append(seed);
    values.forEach(
        (name, value) -> line.append(",\"").append(name).append("\":").append(number(value)));
    return line.append('}').toString();
  }

  private static String number(double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%.4f", value) : "null";
  }
}
