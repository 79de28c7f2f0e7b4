package triage.backend;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.OptionalDouble;

/// What a model server says of its own load with an answer: an ORCA load report, in the header
/// `endpoint-load-metrics`, as text (`TEXT cpu_utilization=0.3, named_metrics.queue=4`) or JSON
/// (`JSON {"cpu_utilization": 0.3}`). Of the rest only the utilization is read.
///
/// **Source**: envoyproxy/envoy, `source/common/orca`; gRPC proposal A51. The binary form, which is
/// for gRPC, is not read.
///
/// **Threads**: no state.
final class LoadReport {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TEXT_PREFIX = "TEXT ";
  private static final String JSON_PREFIX = "JSON ";
  private static final int LENGTH_MAX = 4096;

  /// What is looked for, the first that is there: what the application itself says comes before
  /// what it is made of.
  private static final String[] FIELDS = {
    "application_utilization", "named_metrics.kv_cache_utilization", "cpu_utilization"
  };

  private LoadReport() {}

  /// Gives how much of a server is in use, from 0 to 1; what is more counts as 1. Empty where a
  /// report does not say, or cannot be read.
  static OptionalDouble utilization(String report) {
    if (report.length() > LENGTH_MAX) {
      return OptionalDouble.empty();
    }
    if (report.startsWith(TEXT_PREFIX)) {
      return inText(report.substring(TEXT_PREFIX.length()));
    }
    return report.startsWith(JSON_PREFIX)
        ? inJson(report.substring(JSON_PREFIX.length()))
        : OptionalDouble.empty();
  }

  private static OptionalDouble inText(String text) {
    for (String field : FIELDS) {
      for (String member : text.split(",", -1)) {
        int equals = member.indexOf('=');
        if (equals > 0 && member.substring(0, equals).strip().equals(field)) {
          return number(member.substring(equals + 1).strip());
        }
      }
    }
    return OptionalDouble.empty();
  }

  private static OptionalDouble inJson(String text) {
    try {
      JsonNode all = JSON.readTree(text);
      for (String field : FIELDS) {
        int dot = field.indexOf('.');
        JsonNode found =
            dot < 0
                ? all.path(field)
                : all.path(field.substring(0, dot)).path(field.substring(dot + 1));
        if (found.isNumber()) {
          return inRange(found.doubleValue());
        }
      }
    } catch (JsonProcessingException e) {
      // A report says what it can; an answer is not worse for a bad one.
    }
    return OptionalDouble.empty();
  }

  private static OptionalDouble number(String text) {
    try {
      return inRange(Double.parseDouble(text));
    } catch (NumberFormatException e) {
      return OptionalDouble.empty();
    }
  }

  private static OptionalDouble inRange(double value) {
    return value >= 0 ? OptionalDouble.of(Math.min(value, 1)) : OptionalDouble.empty();
  }
}
