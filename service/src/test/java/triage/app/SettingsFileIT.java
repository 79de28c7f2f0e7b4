package triage.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.dropwizard.configuration.FileConfigurationSourceProvider;
import io.dropwizard.logging.common.DefaultLoggingFactory;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import triage.backend.BackendSettings;
import triage.backend.ModelSettings;

class SettingsFileIT {
  private static final Path SHIPPED =
      Path.of(Objects.requireNonNull(System.getProperty("triage.home")), "config.yml");

  @TempDir Path folder;

  @Test
  void showsEverySettingAtItsDefault() throws IOException {
    Settings shipped = SettingsLoader.load(SHIPPED);
    Settings defaults = SettingsLoader.load(written(""));

    assertThat(shipped.server()).isEqualTo(defaults.server());
    assertThat(shipped.data()).isEqualTo(defaults.data());
    assertThat(shipped.identity()).isEqualTo(defaults.identity());
    assertThat(shipped.store()).isEqualTo(defaults.store());
    assertThat(shipped.audit()).isEqualTo(defaults.audit());
    assertThat(shipped.door()).isEqualTo(defaults.door());
    assertThat(shipped.analysis()).isEqualTo(defaults.analysis());
    assertThat(shipped.models()).containsOnlyKeys(Settings.DEFAULT_MODEL);
    ModelSettings model = shipped.models().get(Settings.DEFAULT_MODEL);
    assertThat(model)
        .usingRecursiveComparison()
        .ignoringFields("backends")
        .isEqualTo(defaults.models().get(Settings.DEFAULT_MODEL));
    assertThat(model.backends())
        .containsExactly(BackendSettings.inProcess(Path.of("examples/models/breast-cancer.onnx")));
    assertThat(shipped.logging()).isEqualTo(Logging.defaults());
    assertThat(defaults.logging()).isEmpty();
  }

  @Test
  void namesEverySetting() throws IOException {
    String text = Files.readString(SHIPPED);

    assertThat(names(Settings.class))
        .allSatisfy(
            name -> assertThat(text).containsPattern("(?m)^ *(# )?" + name + ":( \\S.*)?$"));
  }

  @Test
  void isWhatDropwizardIsGiven() throws Exception {
    Path file = written("server: {port: 0}\nlogging: {level: WARN}\n");

    TriageConfiguration loaded = TriageConfiguration.load(file);
    TriageConfiguration configuration =
        loaded.factory().build(new FileConfigurationSourceProvider(), file.toString());

    assertThat(configuration).isSameAs(loaded.factory().build());
    assertThat(configuration.settings().server().port()).isZero();
    assertThat(configuration.folder()).isEqualTo(folder);
    assertThat(configuration.secretFile()).isEqualTo(Path.of("data/token.secret"));
    assertThat(((DefaultLoggingFactory) configuration.getLoggingFactory()).getLevel())
        .isEqualTo("WARN");
  }

  @Test
  void saysThatAFileCannotBeRead() throws IOException {
    assertRefused(folder.resolve("none.yml"), "not there (expected: a settings file)");
    assertRefused(folder, "is a folder (expected: a settings file)");
    Path latin1 = folder.resolve("latin1.yml");
    Files.write(latin1, "data: \u00e4\n".getBytes(StandardCharsets.ISO_8859_1));
    assertRefused(latin1, "not UTF-8 (expected: YAML text)");
    assertRefused(written("# " + "x".repeat(1 << 20)), "too large (expected: <= 1 MiB)");
  }

  private static void assertRefused(Path file, String message) {
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> SettingsLoader.load(file))
        .withMessage(file + ": " + message);
  }

  private Path written(String text) throws IOException {
    return Files.writeString(folder.resolve("my.yml"), text);
  }

  private static Stream<String> names(Class<?> type) {
    return Arrays.stream(type.getRecordComponents())
        .flatMap((RecordComponent component) ->
            component.getType().isRecord()
                ? Stream.concat(Stream.of(component.getName()), names(component.getType()))
                : Stream.of(component.getName()));
  }
}
