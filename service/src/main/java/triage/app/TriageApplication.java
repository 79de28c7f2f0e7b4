package triage.app;

import io.dropwizard.core.Application;
import io.dropwizard.core.setup.AdminEnvironment;
import io.dropwizard.core.setup.Bootstrap;
import io.dropwizard.core.setup.Environment;
import io.dropwizard.lifecycle.AutoCloseableManager;
import io.dropwizard.metrics.servlets.MetricsServlet;
import io.prometheus.metrics.exporter.servlet.jakarta.PrometheusMetricsServlet;
import io.prometheus.metrics.instrumentation.dropwizard.DropwizardExports;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import jakarta.servlet.DispatcherType;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.component.LifeCycle;
import org.glassfish.jersey.server.ServerProperties;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.admission.GateSnapshot.LaneSnapshot;
import triage.admission.LimitSettings;
import triage.admission.Mode;
import triage.analysis.AnalysisRoom;
import triage.audit.AuditTrail;
import triage.backend.HttpBackend;
import triage.backend.InPlaceThreads;
import triage.backend.ModelLoadException;
import triage.backend.ModelVersion;
import triage.backend.Models;
import triage.backend.Turnstile;
import triage.gateway.CertificateSettings;
import triage.gateway.ConnectionLimits;
import triage.gateway.Doorkeeper;
import triage.gateway.ExchangeMeter;
import triage.gateway.FrontDoor;
import triage.gateway.Gateway;
import triage.gateway.IntakeShare;
import triage.gateway.Pacer;
import triage.gateway.Readiness;
import triage.gateway.ServerCertificate;
import triage.identity.TokenSecret;
import triage.identity.TokenVerifier;
import triage.pressure.Pressure;
import triage.store.RowIds;
import triage.store.Store;
import triage.time.AlarmClock;
import triage.time.MonotonicClock;

/// The service: every room is made here, top to bottom, and given what it needs.
///
/// **Threads**: wiring happens on the main thread before the server listens.
final class TriageApplication extends Application<TriageConfiguration> {
  private static final Logger LOG = LoggerFactory.getLogger(TriageApplication.class);

  @Override
  public String getName() {
    return "triage";
  }

  private final PrintStream out;
  private final Function<MonotonicClock, Pressure> pressures;
  private final @Nullable ByteBufferPool buffers;
  private @Nullable Server server;
  private @Nullable Store store;

  /// Makes the service; nothing runs yet.
  ///
  /// @param out where the start says that it listens, and where
  TriageApplication(PrintStream out) {
    this(out, Pressure::here, null);
  }

  /// Makes the service with a pressure of one's own.
  ///
  /// @param buffers the pool of buffers at the callers' port and towards model servers; `null`:
  ///     Dropwizard's, and Jetty's own
  TriageApplication(
      PrintStream out,
      Function<MonotonicClock, Pressure> pressures,
      @Nullable ByteBufferPool buffers) {
    this.out = out;
    this.pressures = pressures;
    this.buffers = buffers;
  }

  /// Starts the service that a settings file describes; gives back once it listens.
  ///
  /// @throws Exception if it cannot start; the message is one line for the operator where the cause
  ///     is the operator's to mend
  void serve(Path file) throws Exception {
    TriageConfiguration configuration = TriageConfiguration.load(file);
    Bootstrap<TriageConfiguration> bootstrap = new Bootstrap<>(this);
    bootstrap.registerMetrics();
    configuration.getLoggingFactory().configure(bootstrap.getMetricRegistry(), getName());
    Environment environment =
        new Environment(
            getName(),
            bootstrap.getObjectMapper(),
            bootstrap.getValidatorFactory(),
            bootstrap.getMetricRegistry(),
            bootstrap.getClassLoader(),
            bootstrap.getHealthCheckRegistry(),
            configuration);
    configuration.getServerFactory().configure(environment);
    run(configuration, environment);
    start(configuration.getServerFactory().build(environment));
  }

  /// Starts the server, or stops what has started of it. Dropwizard's own command would print a
  /// stack trace for a port that is taken.
  private void start(Server built) throws Exception {
    try {
      built.start();
    } catch (Exception e) {
      LifeCycle.stop(built);
      throw e;
    }
    server = built;
  }

  @Override
  public void run(TriageConfiguration configuration, Environment environment)
      throws ModelLoadException {
    Settings settings = configuration.settings();
    AlarmClock clock = AlarmClock.system();
    environment.lifecycle().manage(new AutoCloseableManager(clock));
    InstantSource wallClock = InstantSource.system();
    SecureRandom seeds = new SecureRandom();
    long seed = seeds.nextLong();
    LOG.info("event=starting version={} seed={}", version(), seed);

    ServerCertificate certificate = certificate(configuration.file(), settings, wallClock);

    Models models = Models.open(settings.models(), configuration.folder(), seed, clock, buffers);
    environment.lifecycle().manage(new AutoCloseableManager(models));

    TokenSecret secret = TokenSecret.readOrMake(configuration.secretFile());
    TokenVerifier tokens = new TokenVerifier(secret, settings.identity(), wallClock);

    Store store = Store.open(settings.store(), settings.data(), clock);
    this.store = store;
    environment.lifecycle().manage(new AutoCloseableManager(store));
    AuditTrail audit =
        new AuditTrail(store.writer(), settings.audit(), new RowIds(wallClock, seeds), wallClock);
    audit.start();
    environment.lifecycle().manage(new AutoCloseableManager(audit));

    ExecutorService exchanges = Executors.newThreadPerTaskExecutor(InPlaceThreads.factory());
    Doorkeeper doorkeeper =
        new Doorkeeper(
            settings.door().mode(),
            tokens,
            audit,
            models.defaults().stream().map(ModelVersion::name).toList(),
            wallClock);
    ConnectionLimits connections = new ConnectionLimits(settings.server().connections());
    Pacer pacer =
        new Pacer(settings.server().pace(), settings.server().connections(), clock, exchanges);
    environment.lifecycle().manage(new AutoCloseableManager(pacer));
    pacer.start();
    IntakeShare intake =
        new IntakeShare(settings.door().reserved(), settings.analysis().laterByDefault());
    FrontDoor door =
        new FrontDoor(settings.door().inFlightMax(), exchanges, doorkeeper, intake, pacer, seed);
    Pressure pressure = pressures.apply(clock);
    environment.lifecycle().manage(new AutoCloseableManager(pressure));
    pressure.start(reading -> doorkeeper.regulate(reading.shedFraction(), clock.nanos()));
    Switchboard modes = new Switchboard("mode", modes(models, doorkeeper), audit);
    Switchboard rotations = new Switchboard("rotation", Rotations.of(models), audit);
    Switchboard limits = new Switchboard("limit", limits(models), audit);
    Readiness readiness = () -> !door.isDraining() && anyBackend(models);
    PrometheusRegistry metrics = new PrometheusRegistry();
    ExchangeMeter meter = new ExchangeMeter(metrics, models, door, doorkeeper, intake, audit);
    PressureMeter.register(metrics, pressure, modes);
    ConnectionMeter.register(metrics, connections, pacer);

    TriageServerFactory factory = (TriageServerFactory) configuration.getServerFactory();
    if (buffers != null) {
      factory.buffers(buffers);
    }
    if (certificate != null) {
      environment.lifecycle().manage(new AutoCloseableManager(certificate));
      certificate.start();
      factory.secure(certificate);
      ConnectionMeter.register(metrics, certificate);
    }
    Gateway gateway =
        new Gateway(models, tokens, audit, meter, readiness, clock, wallClock, seed, version());
    AnalysisRoom analyses =
        new AnalysisRoom(
            store,
            gateway.modelCall(),
            audit,
            settings.analysis(),
            new RowIds(wallClock, seeds),
            clock,
            wallClock,
            seeds);
    analyses.show(metrics);
    analyses.start();
    environment.lifecycle().manage(new AutoCloseableManager(analyses));
    // A job's path as we write it: the address that callers used may not be ours.
    environment
        .jersey()
        .property(ServerProperties.LOCATION_HEADER_RELATIVE_URI_RESOLUTION_DISABLED, true);
    environment.jersey().register(gateway.problems());
    environment.jersey().register(gateway.unreadAnswers());
    analyses.resources().forEach(environment.jersey()::register);
    factory.serve(door, gateway.handler(analyses.intake(), analyses.events()), pacer, connections);
    environment
        .lifecycle()
        .addEventListener(
            new Drain(
                door,
                analyses::sendWaitersAway,
                settings.server().drainTimeout(),
                settings.server().drainNotice()));
    environment
        .lifecycle()
        .addServerLifecycleListener(
            new Announcement(out, configuration.file(), Settings.home(), settings.models()));
    environment
        .lifecycle()
        .addServerLifecycleListener(started -> pressure.watchSelectors(Selectors.of(started)));
    environment.admin().addServlet("mode", new SwitchServlet(modes)).addMapping("/tasks/mode");
    environment.admin().addServlet("limit", new SwitchServlet(limits)).addMapping("/tasks/limit");
    environment
        .admin()
        .addServlet("rotation", new SwitchServlet(rotations))
        .addMapping("/tasks/rotation");
    environment.admin().addServlet("backends", new BackendsServlet(models)).addMapping("/backends");
    ModelGauges.register(environment.metrics(), models, door);
    operate(environment, settings, metrics, tokens, readiness);
    environment.healthChecks().register("store", new StoreCheck(store));
    environment.healthChecks().register("backends", new BackendsCheck(models));
    environment.healthChecks().register("clock", new ClockCheck(clock, wallClock));
  }

  /// Gives the certificate that callers are shown, or null where they come in the clear.
  ///
  /// @throws SettingsException if it cannot be used
  static @Nullable ServerCertificate certificate(
      Path file, Settings settings, InstantSource clock) {
    CertificateSettings tls = settings.server().tls();
    try {
      return tls == null ? null : new ServerCertificate(tls, SettingsLoader.folder(file), clock);
    } catch (IOException e) {
      throw new SettingsException(file + ": server.tls." + e.getMessage(), e);
    }
  }

  /// Gives all modes that operators can change, by name.
  private static Map<String, Switch> modes(Models models, Doorkeeper doorkeeper) {
    Map<String, Switch> switches = new LinkedHashMap<>();
    for (ModelVersion model : models.all()) {
      Turnstile gate = model.turnstile();
      switches.put(model.label(), mode(gate::mode, gate::mode));
    }
    // Last, so that a model of that name does not take the door's place.
    switches.put("door", mode(doorkeeper::mode, doorkeeper::mode));
    return switches;
  }

  private static Switch mode(Supplier<Mode> now, Consumer<Mode> set) {
    return new Switch(
        () -> now.get().wire(),
        wire -> Mode.checked(wire).wire(),
        wire -> set.accept(Mode.checked(wire)));
  }

  /// Gives the limits of the model servers; a model in this process has as many threads as it has.
  private static Map<String, Switch> limits(Models models) {
    Map<String, Switch> switches = new LinkedHashMap<>();
    for (ModelVersion model : models.all()) {
      for (int i = 0; i < model.backends().size(); i++) {
        int lane = i;
        if (model.backends().get(lane) instanceof HttpBackend backend) {
          Turnstile gate = model.turnstile();
          switches.put(
              backend.name(),
              new Switch(
                  () -> gate.limit(lane).wire(),
                  wire -> LimitSettings.checked(wire).wire(),
                  wire -> gate.limit(lane, LimitSettings.checked(wire))));
        }
      }
    }
    return switches;
  }

  private static void operate(
      Environment environment,
      Settings settings,
      PrometheusRegistry metrics,
      TokenVerifier tokens,
      Readiness readiness) {
    JvmMetrics.builder().register(metrics);
    DropwizardExports.builder()
        .dropwizardRegistry(environment.metrics())
        .metricFilter((name, metric) -> !name.startsWith(ModelGauges.PREFIX))
        .register(metrics);
    AdminEnvironment admin = environment.admin();
    admin.addServlet("prometheus", new PrometheusMetricsServlet(metrics)).addMapping("/metrics");
    admin
        .addServlet("metrics-json", new MetricsServlet(environment.metrics()))
        .addMapping("/metrics.json");
    admin.addTask(new ThreadDumpTask());
    admin.addServlet("live", new ProbeServlet("live", () -> true)).addMapping("/live");
    admin.addServlet("ready", new ProbeServlet("ready", readiness::isReady)).addMapping("/ready");
    admin
        .addFilter("guard", new AdminFilter(tokens, settings.server().adminHost()))
        .addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), false, "/*");
  }

  /// Gives the server, once it has started.
  Server server() {
    return Objects.requireNonNull(server, "not started");
  }

  /// Gives the store, once it has been opened.
  Store store() {
    return Objects.requireNonNull(store, "not open");
  }

  private static boolean anyBackend(Models models) {
    return models.all().stream()
        .flatMap(model -> model.turnstile().snapshot().lanes().stream())
        .anyMatch(LaneSnapshot::open);
  }

  private static String version() {
    String version = TriageApplication.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
