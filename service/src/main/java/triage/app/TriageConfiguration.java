package triage.app;

import io.dropwizard.configuration.ConfigurationFactory;
import io.dropwizard.configuration.ConfigurationSourceProvider;
import io.dropwizard.core.Configuration;
import io.dropwizard.logging.common.LoggingFactory;
import java.nio.file.Path;

/// What Dropwizard takes for its configuration: our settings, and its logging made from them.
///
/// **Threads**: confined to the main thread, before the server listens.
public final class TriageConfiguration extends Configuration {
  private final Settings settings;
  private final Path file;

  private TriageConfiguration(Settings settings, Path file, LoggingFactory logging) {
    this.settings = settings;
    this.file = file;
    setLoggingFactory(logging);
    setServerFactory(new TriageServerFactory(settings.server()));
  }

  /// Gives the configuration that a settings file describes.
  ///
  /// @throws SettingsException one line: file, the key's full path, value, rule
  public static TriageConfiguration load(Path file) {
    Settings settings = SettingsLoader.load(file);
    return new TriageConfiguration(settings, file, Logging.factory(file, settings.logging()));
  }

  /// Gives the settings.
  public Settings settings() {
    return settings;
  }

  /// Gives the settings file.
  public Path file() {
    return file;
  }

  /// Gives the folder of the settings file, where the relative paths of most settings start.
  public Path folder() {
    return SettingsLoader.folder(file);
  }

  /// Gives the file that holds the token secret.
  public Path secretFile() {
    return settings.identity().secretFile(settings.data(), folder());
  }

  /// Gives what makes Dropwizard take this configuration, whatever file it is told of, for
  /// `bootstrap.setConfigurationFactoryFactory((type, validator, mapper, prefix) -> ...)`.
  ///
  /// Settings are read before Dropwizard starts, since it answers a bad file with a stack trace.
  public ConfigurationFactory<TriageConfiguration> factory() {
    return new Loaded(this);
  }

  /// Gives a configuration that was read before.
  private record Loaded(TriageConfiguration configuration)
      implements ConfigurationFactory<TriageConfiguration> {
    @Override
    public TriageConfiguration build(ConfigurationSourceProvider provider, String path) {
      return configuration;
    }

    @Override
    public TriageConfiguration build() {
      return configuration;
    }
  }
}
