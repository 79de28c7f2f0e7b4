package triage.app;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dropwizard.jackson.Jackson;
import io.dropwizard.logging.common.LoggingFactory;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/// Dropwizard's logging, as the key `logging` of a settings file describes it: its own keys, over
/// defaults of ours.
///
/// What a file gives is laid over the defaults key by key, so that `logging: {level: DEBUG}` keeps
/// the appender; a list, such as `appenders`, replaces the default list.
///
/// **Threads**: no state.
final class Logging {
  private static final Set<String> LEVELS =
      Set.of("OFF", "ERROR", "WARN", "INFO", "DEBUG", "TRACE", "ALL");

  private Logging() {}

  /// Gives the defaults: one line an event on stdout in UTC, from level INFO, and what other
  /// people's libraries tell from WARN.
  ///
  /// A terminal that stands still loses lines (`neverBlock`) and holds up no request.
  static ObjectNode defaults() {
    ObjectNode defaults = new ObjectMapper().createObjectNode();
    defaults.put("level", "INFO");
    defaults
        .putObject("loggers")
        .put("org.eclipse.jetty", "WARN")
        .put("org.flywaydb", "WARN")
        .put("com.zaxxer.hikari", "WARN");
    defaults
        .putArray("appenders")
        .addObject()
        .put("type", "console")
        .put("target", "stdout")
        .put("timeZone", "UTC")
        .put("neverBlock", true)
        .put("logFormat", "%d{yyyy-MM-dd'T'HH:mm:ss.SSS'Z',UTC} %-5level %logger{0}: %msg%n%dwREx");
    return defaults;
  }

  /// Gives Dropwizard's logging for what a file says under `logging`.
  ///
  /// @throws SettingsException one line: file, the key's full path, value, rule
  static LoggingFactory factory(Path file, ObjectNode given) {
    ObjectNode tree = overlaid(defaults(), given);
    requireLevels(file, "logging", tree);
    ObjectMapper mapper =
        Jackson.newObjectMapper().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
    try {
      return mapper.treeToValue(tree, LoggingFactory.class);
    } catch (JsonProcessingException e) {
      throw Complaint.about(file, "logging", e);
    }
  }

  private static ObjectNode overlaid(ObjectNode below, ObjectNode above) {
    for (Map.Entry<String, JsonNode> entry : above.properties()) {
      boolean mappings =
          entry.getValue() instanceof ObjectNode && below.get(entry.getKey()) instanceof ObjectNode;
      below.set(
          entry.getKey(),
          mappings
              ? overlaid((ObjectNode) below.get(entry.getKey()), (ObjectNode) entry.getValue())
              : entry.getValue());
    }
    return below;
  }

  /// Refuses a level that does not exist: Dropwizard would take INFO for it and say nothing.
  private static void requireLevels(Path file, String path, ObjectNode tree) {
    for (Map.Entry<String, JsonNode> entry : tree.properties()) {
      String key = path + "." + entry.getKey();
      boolean level =
          entry.getKey().equals("level")
              || entry.getKey().equals("threshold")
              || (path.equals("logging.loggers") && entry.getValue().isValueNode());
      if (level) {
        requireLevel(file, key, entry.getValue());
      } else if (entry.getValue() instanceof ObjectNode below) {
        requireLevels(file, key, below);
      } else if (entry.getValue().isArray()) {
        for (int i = 0; i < entry.getValue().size(); i++) {
          if (entry.getValue().get(i) instanceof ObjectNode below) {
            requireLevels(file, key + "[" + i + "]", below);
          }
        }
      }
    }
  }

  private static void requireLevel(Path file, String key, JsonNode value) {
    // YAML reads a bare OFF as false.
    boolean off = value.isBoolean() && !value.booleanValue();
    if (!off && !LEVELS.contains(value.asText())) {
      throw new SettingsException(
          file
              + ": "
              + key
              + ": "
              + value
              + " (expected: OFF, ERROR, WARN, INFO, DEBUG, TRACE or ALL)");
    }
  }
}
