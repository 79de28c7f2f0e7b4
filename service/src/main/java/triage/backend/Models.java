package triage.backend;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import triage.admission.GateSettings;
import triage.time.MonotonicClock;

/// The models that are served.
///
/// **Threads**: immutable; what it holds is safe for use by several threads.
public final class Models implements AutoCloseable {
  private final Map<String, ModelVersion> byName;

  private Models(Map<String, ModelVersion> byName) {
    this.byName = byName;
  }

  /// Makes the models ready that the settings name.
  ///
  /// @param settings by model name
  /// @param folder where the relative paths of model files start
  /// @throws ModelLoadException if one cannot be served; nothing stays open then
  public static Models open(
      Map<String, ModelSettings> settings, Path folder, MonotonicClock clock)
      throws ModelLoadException {
    Map<String, ModelVersion> byName = new LinkedHashMap<>();
    Models models = new Models(byName);
    try {
      for (Map.Entry<String, ModelSettings> entry : settings.entrySet()) {
        byName.put(entry.getKey(), open(entry.getKey(), entry.getValue(), folder, clock));
      }
    } catch (ModelLoadException e) {
      models.close();
      throw e;
    }
    return models;
  }

  private static ModelVersion open(
      String name, ModelSettings settings, Path folder, MonotonicClock clock)
      throws ModelLoadException {
    List<Backend> backends = new ArrayList<>();
    try {
      for (int i = 0; i < settings.backends().size(); i++) {
        backends.add(open(name, i, settings.backends().get(i), folder));
      }
    } catch (ModelLoadException e) {
      backends.forEach(Backend::close);
      throw e;
    }
    Turnstile turnstile =
        new Turnstile(
            new GateSettings(settings.waitingMax()),
            backends.stream().map(Backend::limit).toList(),
            clock);
    return new ModelVersion(name, settings, backends, turnstile);
  }

  private static Backend open(String model, int index, BackendSettings settings, Path folder)
      throws ModelLoadException {
    String key = "models." + model + ".backends[" + index + "]";
    if (settings.file() == null) {
      throw new ModelLoadException(key + ".url: HTTP backends are not served yet");
    }
    try {
      Path file = folder.resolve(Objects.requireNonNull(settings.file()));
      return OnnxBackend.load(model + "-" + index, file, settings.limit());
    } catch (ModelLoadException e) {
      throw new ModelLoadException(key + ".file: " + e.getMessage());
    }
  }

  /// Gives the version of a model that callers get who name none, or `null` if there is no such model.
  public @Nullable ModelVersion find(String name) {
    return byName.get(name);
  }

  /// Gives this version of a model, or `null` if there is none.
  public @Nullable ModelVersion find(String name, String version) {
    ModelVersion found = byName.get(name);
    return found != null && found.version().equals(version) ? found : null;
  }

  /// Gives all versions of all models.
  public Collection<ModelVersion> all() {
    return byName.values();
  }

  @Override
  public void close() {
    byName.values().forEach(model -> model.backends().forEach(Backend::close));
  }
}
