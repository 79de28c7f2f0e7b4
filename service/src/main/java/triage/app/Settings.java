package triage.app;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import triage.identity.IdentitySettings;

/// All settings, as one file describes them: a component for each room that has any.
///
/// **Threads**: immutable, as long as nobody changes the tree `logging`.
///
/// @param server where Triage listens and how it stops
/// @param data the folder for state; default `data`; a relative path starts at the working
///   directory
/// @param identity how callers are known
/// @param logging Dropwizard's own logging settings, unread: see [Logging]
public record Settings(
    ServerSettings server, Path data, IdentitySettings identity, ObjectNode logging) {
  private static final Path DATA_DEFAULT = Path.of("data");

  /// Gives the settings that a file describes; what it leaves out has its default.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  @JsonCreator
  public static Settings of(
      @Nullable ServerSettings server,
      @Nullable Path data,
      @Nullable IdentitySettings identity,
      @Nullable JsonNode logging) {
    return new Settings(
        server == null ? ServerSettings.defaults() : server,
        data == null ? DATA_DEFAULT : data,
        identity == null ? IdentitySettings.defaults() : identity,
        mapping("logging", logging));
  }

  private static ObjectNode mapping(String name, @Nullable JsonNode given) {
    if (given == null || given.isNull()) {
      return JsonNodeFactory.instance.objectNode();
    }
    if (given instanceof ObjectNode mapping) {
      return mapping;
    }
    throw new IllegalArgumentException(name + ": not a mapping (expected: keys and values)");
  }
}
