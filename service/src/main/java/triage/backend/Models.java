package triage.backend;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.ByteBufferPool;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.admission.GateSettings;
import triage.time.MonotonicClock;

/// The models that are served.
///
/// **Threads**: immutable once open; what it holds is safe for use by several threads.
public final class Models implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Models.class);
  private static final int SWEEP_SECONDS = 10;

  /// With fewer, a third of them is nobody.
  private static final int PEERS_MIN = 3;

  private final Map<String, ModelVersion> byName = new LinkedHashMap<>();
  private final Map<String, Map<String, ModelVersion>> byVersion = new LinkedHashMap<>();
  private final List<ModelVersion> all = new ArrayList<>();
  private final Path folder;
  private final long seed;
  private final MonotonicClock clock;
  private final ScheduledExecutorService timer;
  private final HttpClients clients;

  private Models(Path folder, long seed, MonotonicClock clock, @Nullable ByteBufferPool buffers) {
    this.folder = folder;
    this.seed = seed;
    this.clients = new HttpClients(folder, buffers);
    this.clock = clock;
    // What is still in hand when it is closed has nothing to come later.
    this.timer =
        new ScheduledThreadPoolExecutor(
            1,
            Thread.ofPlatform().name("breaker-timer").daemon().factory(),
            new ThreadPoolExecutor.DiscardPolicy());
  }

  /// Makes the models ready that the settings name.
  ///
  /// @param settings by model name
  /// @param folder where the relative paths of model files start
  /// @param seed of the choices between backends
  /// @param buffers the pool of buffers towards model servers; `null`: each client has its own
  /// @throws ModelLoadException if one cannot be served; nothing stays open then
  public static Models open(
      Map<String, ModelSettings> settings,
      Path folder,
      long seed,
      MonotonicClock clock,
      @Nullable ByteBufferPool buffers)
      throws ModelLoadException {
    Models models = new Models(folder, seed, clock, buffers);
    try {
      for (Map.Entry<String, ModelSettings> entry : settings.entrySet()) {
        models.openVersions(entry.getKey(), entry.getValue());
      }
    } catch (ModelLoadException e) {
      models.close();
      throw e;
    }
    var _ =
        models.timer.scheduleAtFixedRate(
            models::sweep, SWEEP_SECONDS, SWEEP_SECONDS, TimeUnit.SECONDS);
    return models;
  }

  private void sweep() {
    takeBackLeaked();
    for (ModelVersion model : all) {
      for (Backend backend : model.backends()) {
        if (backend instanceof HttpBackend server) {
          server.refreshCredentials();
        }
      }
    }
  }

  private void takeBackLeaked() {
    for (ModelVersion model : all) {
      int found = model.turnstile().takeBackLeaked();
      if (found > 0) {
        LOG.error("event=permits-leaked model={} permits={}", model.label(), found);
      }
    }
  }

  private void openVersions(String name, ModelSettings settings) throws ModelLoadException {
    Map<String, ModelVersion> versions = new LinkedHashMap<>();
    ModelVersion first = open(name, name, settings);
    byName.put(name, first);
    versions.put(first.version(), first);
    for (String other : settings.versions().keySet()) {
      versions.put(other, open(name, name + "@" + other, settings.inVersion(other)));
    }
    for (Map.Entry<String, String> alias : settings.aliases().entrySet()) {
      versions.put(alias.getKey(), Objects.requireNonNull(versions.get(alias.getValue())));
    }
    byVersion.put(name, versions);
  }

  /// Opens one version, and remembers it.
  private ModelVersion open(String name, String label, ModelSettings settings)
      throws ModelLoadException {
    Turnstile turnstile =
        new Turnstile(
            new GateSettings(settings.waitingMax(), settings.reserved()),
            settings.backends().stream().map(BackendSettings::lane).toList(),
            seed + all.size(),
            clock,
            timer);
    turnstile.mode(settings.mode());
    List<Backend> backends = new ArrayList<>();
    try {
      for (int lane = 0; lane < settings.backends().size(); lane++) {
        backends.add(open(label, settings, lane, turnstile));
      }
    } catch (ModelLoadException e) {
      backends.forEach(Backend::close);
      throw e;
    }
    watch(label, settings.ejection(), backends, turnstile);
    ModelVersion opened =
        new ModelVersion(
            name,
            label,
            settings,
            backends,
            turnstile,
            new RetryBudget(),
            new Hedging(settings.hedge()));
    all.add(opened);
    return opened;
  }

  private Backend open(String model, ModelSettings settings, int lane, Turnstile turnstile)
      throws ModelLoadException {
    BackendSettings backend = settings.backends().get(lane);
    String name = model + "-" + lane;
    Path file = backend.file();
    if (file == null) {
      return openServer(model, settings, lane, turnstile);
    }
    try {
      return OnnxBackend.load(name, folder.resolve(file), backend.limit().most());
    } catch (ModelLoadException e) {
      throw new ModelLoadException(
          "models." + model + ".backends[" + lane + "].file: " + e.getMessage());
    }
  }

  private HttpBackend openServer(
      String model, ModelSettings settings, int lane, Turnstile turnstile)
      throws ModelLoadException {
    BackendSettings backend = settings.backends().get(lane);
    URI url = Objects.requireNonNull(backend.url());
    CredentialSettings shown = backend.credentials();
    HealthSettings health = backend.health();
    String name = model + "-" + lane;
    HttpBackend server;
    try {
      server =
          new HttpBackend(
              name,
              url,
              clients.of(
                  backend.connections(), backend.tls(), "https".equalsIgnoreCase(url.getScheme())),
              new BackendBreaker(
                  name, settings.breaker(), settings.timeout(), turnstile, lane, clock, timer),
              new BackendRest(name, turnstile, lane, clock, timer),
              shown == null ? null : Credentials.read(folder, shown),
              backend.loadReports() ? load -> turnstile.report(lane, load) : null);
    } catch (IOException e) {
      throw new ModelLoadException(
          "models." + model + ".backends[" + lane + "]: " + e.getMessage());
    }
    if (health != null) {
      new HttpProbe(server, health, turnstile, lane, clock).start(timer);
    }
    return server;
  }

  /// Has the backends of one model compared with each other, where there are peers to compare.
  private void watch(String model, EjectionSettings settings, List<Backend> all, Turnstile gate) {
    List<@Nullable BackendBreaker> breakers = new ArrayList<>();
    for (Backend backend : all) {
      breakers.add(backend instanceof HttpBackend server ? server.breaker() : null);
    }
    if (breakers.size() >= PEERS_MIN) {
      OutlierWatch watch = new OutlierWatch(model, settings, gate, breakers, clock, timer);
      var _ = timer.scheduleAtFixedRate(watch::look, 1, 1, TimeUnit.SECONDS);
    }
  }

  /// Gives the version of a model that callers get who name none, or `null` if there is no such
  /// model.
  public @Nullable ModelVersion find(String name) {
    return byName.get(name);
  }

  /// Gives the version of a model that has this name or alias, or `null` if there is none.
  public @Nullable ModelVersion find(String name, String version) {
    return byVersion.getOrDefault(name, Map.of()).get(version);
  }

  /// Gives all versions of all models.
  public Collection<ModelVersion> all() {
    return Collections.unmodifiableList(all);
  }

  /// Gives of each model the version that callers get who name none.
  public Collection<ModelVersion> defaults() {
    return Collections.unmodifiableCollection(byName.values());
  }

  @Override
  public void close() {
    timer.shutdownNow();
    all.forEach(model -> model.backends().forEach(Backend::close));
    clients.close();
  }
}
