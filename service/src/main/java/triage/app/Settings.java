package triage.app;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import triage.analysis.AnalysisSettings;
import triage.audit.AuditSettings;
import triage.backend.ModelSettings;
import triage.identity.IdentitySettings;
import triage.store.StoreSettings;

/// All settings, as one file describes them: a component for each room that has any.
///
/// **Threads**: immutable, as long as nobody changes the tree `logging`.
///
/// @param server where Triage listens and how it stops
/// @param models the models that are served, by name; default: the example model, in process
/// @param data the folder for state; default `data`; a relative path starts at the working
///     directory
/// @param store where the durable state is
/// @param identity how callers are known
/// @param audit how much the audit trail holds back while the store is away
/// @param door how much this instance takes in
/// @param analysis how analyses are taken in and kept
/// @param logging Dropwizard's own logging settings, unread: see [Logging]
public record Settings(
    ServerSettings server,
    Map<String, ModelSettings> models,
    Path data,
    StoreSettings store,
    IdentitySettings identity,
    AuditSettings audit,
    DoorSettings door,
    AnalysisSettings analysis,
    ObjectNode logging) {
  /// The model that is served where the settings name none.
  public static final String DEFAULT_MODEL = "breast-cancer";

  private static final Path DATA_DEFAULT = Path.of("data");
  private static final Path DEFAULT_MODEL_FILE =
      Path.of("examples", "models", "breast-cancer.onnx");

  /// Copies the map and checks what no room can check alone.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  public Settings {
    models = Collections.unmodifiableMap(new LinkedHashMap<>(models));
    if (models.isEmpty()) {
      throw new IllegalArgumentException("models: none (expected: at least one)");
    }
    for (String name : models.keySet()) {
      if (!ModelSettings.NAME.matcher(name).matches()) {
        throw new IllegalArgumentException(
            "models." + name + ": (expected: a name like " + ModelSettings.NAME.pattern() + ")");
      }
      String fallback = models.get(name).fallback();
      if (fallback != null && (fallback.equals(name) || !models.containsKey(fallback))) {
        throw new IllegalArgumentException(
            "models." + name + ".fallback: " + fallback + " (expected: another one of the models)");
      }
    }
    if (!store.embedded() && identity.secretFile() == null) {
      throw new IllegalArgumentException(
          "identity.secretFile: missing (expected: a file that all instances share, since store.url"
              + " is set)");
    }
  }

  /// Gives the settings that a file describes; what it leaves out has its default.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  @JsonCreator
  public static Settings of(
      @Nullable ServerSettings server,
      @Nullable Map<String, ModelSettings> models,
      @Nullable Path data,
      @Nullable StoreSettings store,
      @Nullable IdentitySettings identity,
      @Nullable AuditSettings audit,
      @Nullable DoorSettings door,
      @Nullable AnalysisSettings analysis,
      @Nullable JsonNode logging) {
    return new Settings(
        server == null ? ServerSettings.defaults() : server,
        models == null ? Map.of(DEFAULT_MODEL, exampleModel()) : models,
        data == null ? DATA_DEFAULT : data,
        store == null ? StoreSettings.defaults() : store,
        identity == null ? IdentitySettings.defaults() : identity,
        audit == null ? AuditSettings.defaults() : audit,
        door == null ? DoorSettings.DEFAULTS : door,
        analysis == null ? AnalysisSettings.defaults() : analysis,
        mapping("logging", logging));
  }

  /// Gives the example model, whose file lies in the folder of the launcher.
  private static ModelSettings exampleModel() {
    return ModelSettings.inProcess(home().resolve(DEFAULT_MODEL_FILE));
  }

  /// Gives the folder that Triage was installed in: the launcher's.
  static Path home() {
    return Path.of(System.getProperty("triage.home", "")).toAbsolutePath();
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
