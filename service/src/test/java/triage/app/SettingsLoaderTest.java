package triage.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import triage.admission.Criticality;
import triage.admission.Mode;
import triage.gateway.CertificateSettings;
import triage.identity.IdentitySettings;

class SettingsLoaderTest {
  private static final Path FILE = Path.of("my.yml");
  private static final Settings DEFAULTS =
      Settings.of(null, null, null, null, null, null, null, null, null);

  /// A root of settings with every shape that a room may use.
  record Root(Map<String, Model> models, @Nullable Amount amount, String text) {
    @JsonCreator
    static Root of(
        @Nullable Map<String, Model> models, @Nullable Amount amount, @Nullable String text) {
      return new Root(
          models == null ? Map.of() : Map.copyOf(models), amount, text == null ? "-" : text);
    }
  }

  record Model(List<Backend> backends) {
    @JsonCreator(mode = JsonCreator.Mode.PROPERTIES)
    static Model of(@Nullable List<Backend> backends) {
      return new Model(backends == null ? List.of() : List.copyOf(backends));
    }
  }

  /// Filled without a factory: the canonical constructor sees the nulls.
  record Backend(@Nullable URI url, Integer limit) {
    Backend {
      limit = Objects.requireNonNullElse(limit, 8);
      if (limit < 1) {
        throw new IllegalArgumentException("limit: " + limit + " (expected: >= 1)");
      }
    }
  }

  record Amount(
      @Nullable Duration pause,
      @Nullable Long bodyBytesMax,
      @Nullable Long rowsMax,
      @Nullable Boolean on,
      @Nullable Double share,
      @Nullable Criticality ceiling,
      @Nullable Path file,
      @Nullable Integer count) {}

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\n",
        "# nothing\n",
        "---\n",
        "--- \n# nothing\n...\n",
        "{}",
        "server:\n",
        "server: {}\nlogging: {}"
      })
  void givesTheDefaultsWhereNothingIsSaid(String text) {
    assertThat(SettingsLoader.parse(FILE, text, Settings.class)).isEqualTo(DEFAULTS);
  }

  @Test
  void keepsTheDefaultsOfWhatIsNotSaid() {
    Settings settings =
        SettingsLoader.parse(
            FILE,
            """
            server:
              port: 0
              drainTimeout: 5s
            data: /var/lib/triage
            identity: {secretFile: secrets/token, tokenLifetimeMax: 1d}
            """,
            Settings.class);

    assertThat(settings.server())
        .isEqualTo(
            ServerSettings.of(null, 0, null, null, Duration.ofSeconds(5), null, null, null, null));
    assertThat(settings.data()).isEqualTo(Path.of("/var/lib/triage"));
    assertThat(settings.identity())
        .isEqualTo(
            IdentitySettings.of(
                Path.of("secrets/token"), null, null, Duration.ofDays(1), null, null));
  }

  @Test
  void readsWhereTheCertificateIs() {
    String text = "server: {tls: {certificateFile: tls/server.pem, keyFile: /run/server.key}}";
    assertThat(SettingsLoader.parse(FILE, text, Settings.class).server().tls())
        .isEqualTo(new CertificateSettings(Path.of("tls/server.pem"), Path.of("/run/server.key")));
  }

  @Test
  void readsEveryShape() {
    Root root =
        read(
            """
            models:
              breast-cancer:
                backends:
                  - url: http://127.0.0.1:9100
                  - {url: "https://b/x", limit: 3}
              empty:
                backends: []
            text: 1.10
            """);

    assertThat(root.models().get("breast-cancer"))
        .isEqualTo(
            new Model(
                List.of(
                    new Backend(URI.create("http://127.0.0.1:9100"), 8),
                    new Backend(URI.create("https://b/x"), 3))));
    assertThat(root.models().get("empty")).isEqualTo(new Model(List.of()));
    assertThat(root.text()).isEqualTo("1.10");
  }

  @ParameterizedTest
  @CsvSource({
    "500ms,PT0.5S",
    "30s,PT30S",
    "5m,PT5M",
    "1h,PT1H",
    "7d,PT168H",
    "PT30S,PT30S",
    "PT0.25S,PT0.25S",
    "P7D,PT168H",
    "0s,PT0S"
  })
  void readsDurations(String text, Duration duration) {
    assertThat(amount("pause: " + text).pause()).isEqualTo(duration);
    assertThat(amount("pause: '" + text + "'").pause()).isEqualTo(duration);
  }

  @ParameterizedTest
  @CsvSource({
    "0,0",
    "4096,4096",
    "1_000,1000",
    "12B,12",
    "64KiB,65536",
    "16MiB,16777216",
    "2GiB,2147483648"
  })
  void readsSizes(String text, long bytes) {
    assertThat(amount("bodyBytesMax: " + text).bodyBytesMax()).isEqualTo(bytes);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "pause: 30|amount.pause: 30 (expected: <duration>)",
        "pause: 30 s|amount.pause: \"30 s\" (expected: a duration such as 500ms, 30s, 5m, 1h, 7d or"
            + " PT30S)",
        "pause: -1s|amount.pause: \"-1s\" (expected: a duration such as 500ms, 30s, 5m, 1h, 7d or"
            + " PT30S)",
        "pause: ''|amount.pause: \"\" (expected: <duration>)",
        "pause: [1s]|amount.pause: a list (expected: a duration such as 500ms, 30s, 5m, 1h, 7d or"
            + " PT30S)",
        "bodyBytesMax: 16MB|amount.bodyBytesMax: \"16MB\" (expected: a size such as 4096, 64KiB,"
            + " 16MiB or 1GiB)",
        "bodyBytesMax: 1.5|amount.bodyBytesMax: 1.5 (expected: a size such as 4096, 64KiB, 16MiB or"
            + " 1GiB)",
        "bodyBytesMax: 99999999999999999999|amount.bodyBytesMax: 99999999999999999999 (expected: a"
            + " whole number up to 9223372036854775807)",
        "rowsMax: 16MiB|amount.rowsMax: \"16MiB\" (expected: a whole number)",
        "rowsMax: '16'|amount.rowsMax: \"16\" (expected: a whole number)",
        "rowsMax: 1.0|amount.rowsMax: 1.0 (expected: a whole number)",
        "rowsMax: true|amount.rowsMax: true (expected: a whole number)",
        "count: 99999999999|amount.count: 99999999999 (expected: a whole number up to 2147483647)",
        "on: 1|amount.on: 1 (expected: true or false)",
        "on: 'true'|amount.on: \"true\" (expected: true or false)",
        "on: maybe|amount.on: \"maybe\" (expected: true or false)",
        "share: half|amount.share: \"half\" (expected: a number)",
        "ceiling: critical|amount.ceiling: \"critical\" (expected: one of CRITICAL_PLUS, CRITICAL,"
            + " SHEDDABLE_PLUS, SHEDDABLE)",
        "ceiling: 1|amount.ceiling: 1 (expected: one of CRITICAL_PLUS, CRITICAL, SHEDDABLE_PLUS,"
            + " SHEDDABLE)",
        "ceiling: ''|amount.ceiling: \"\" (expected: one of CRITICAL_PLUS, CRITICAL,"
            + " SHEDDABLE_PLUS, SHEDDABLE)",
        "file: ' '|amount.file: \" \" (expected: a path)",
        "file: {a: b}|amount.file: a mapping (expected: a path)",
        "puase: 1s|amount.puase: unknown key (did you mean pause?)",
        "bodyBytesmax: 1|amount.bodyBytesmax: unknown key (did you mean bodyBytesMax?)",
        "colour: red|amount.colour: unknown key (known here: <all>)",
        "pause: *a|amount.pause: <alias>",
      })
  void refusesAValueThatIsNotOfItsKind(String line, String message) {
    assertRefused("amount:\n  " + line + "\n", message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[]|a list (expected: <mapping>)",
        "7|7 (expected: <mapping>)",
        "hello|\"hello\" (expected: <mapping>)",
        "amount: 7|amount: 7 (expected: <mapping>)",
        "amount: ''|amount: \"\" (expected: <mapping>)",
        "amount: []|amount: a list (expected: <mapping>)",
        "models: []|models: a list (expected: <mapping>)",
        "models: {m: {backends: {}}}|models.m.backends: a mapping (expected: a list)",
        "models: {m: {backends: 7}}|models.m.backends: 7 (expected: a list)",
        "models: {m: }|models.m: no value (expected: a value)",
        "models: {m: {backends: [~]}}|models.m.backends[0]: no value (expected: a value)",
        "models: {m: {backends: [{}, {limit: 0}]}}|models.m.backends[1].limit: 0 (expected: >= 1)",
        "models: {m: {backends: [{}, {limit: x}]}}|models.m.backends[1].limit: \"x\" (expected: a"
            + " whole number)",
        "models: {m: {backends: [{url: 'http://a b'}]}}|models.m.backends[0].url: \"http://a b\""
            + " (expected: <address>)",
        "models: {m: {backends: [{lmit: 1}]}}|models.m.backends[0].lmit: unknown key (did you mean"
            + " limit?)",
        "modles: {}|modles: unknown key (did you mean models?)",
        "text: [a]|text: a list (expected: text)",
        "text: {}|text: a mapping (expected: text)",
        "{text: a, text: b}|text: given twice (expected: once)",
        "models: {m: {backends: [{limit: 1, limit: 1}]}}|models.m.backends[0].limit: given twice"
            + " (expected: once)",
        "models: {m: {}, n: {}, m: {}}|models.m: given twice (expected: once)",
        "<<: {text: a}|<<: unknown key (known here: amount, models, text)",
      })
  void refusesWhatItDoesNotUnderstand(String text, String message) {
    assertRefused(text, message);
  }

  @Test
  void refusesSeveralDocuments() {
    assertRefused("text: a\n---\ntext: b\n", "several documents (expected: one)");
    assertRefused("---\n---\ntext: b\n", "several documents (expected: one)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "text: [",
        "text: \"a",
        "a: b: c",
        "text: a\n\tb: c",
        "text: a\n  models: {}",
        "@",
        "text: {a"
      })
  void refusesWhatIsNoYaml(String text) {
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> read(text))
        .satisfies(e ->
            assertThat(e.getMessage())
                .matches("my\\.yml: line \\d+, column \\d+: not valid YAML: [\\x20-\\x7e]{5,100}"));
  }

  @Test
  void boundsAndCleansTheValueInTheMessage() {
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> read("amount: {rowsMax: \"" + "x\\n".repeat(500) + "\"}"))
        .satisfies(e -> assertThat(e.getMessage()).hasSizeBetween(100, 200).doesNotContain("\n"));
  }

  @Test
  void refusesDeepNesting() {
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> read("text: " + "[".repeat(100_000)))
        .satisfies(e -> assertThat(e.getMessage()).startsWith("my.yml: ").hasSizeLessThan(300));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "server: {port: 65536}|server.port: 65536 (expected: 0 to 65535)",
        "server: {port: -1}|server.port: -1 (expected: 0 to 65535)",
        "server: {adminPort: 65536}|server.adminPort: 65536 (expected: 0 to 65535)",
        "server: {adminPort: 8080}|server.adminPort: 8080 (expected: another one than port)",
        "server: {host: 'a b'}|server.host: a b (expected: a host name or an IP address)",
        "server: {tls: {}}|server.tls.certificateFile: missing (expected: the file with the"
            + " certificate)",
        "server: {tls: {certificateFile: a.pem}}|server.tls.keyFile: missing (expected: the file"
            + " with the certificate's private key)",
        "server: {connections: {max: 0}}|server.connections.max: 0 (expected: 1 to 1,000,000)",
        "server: {connections: {headerTimeout: 1ms}}|server.connections.headerTimeout: PT0.001S"
            + " (expected: 100 ms to 1 h)",
        "server: {connections: {headerBytesMax: 1}}|server.connections.headerBytesMax: 1"
            + " (expected: 1 KiB to 1 MiB)",
        "server: {pace: {grace: 2h}}|server.pace.grace: PT2H (expected: 0 s to 1 h)",
        "server: {pace: {bytesPerSecondMin: 0}}|server.pace.bytesPerSecondMin: 0"
            + " (expected: 1 B to 1 GiB)",
        "server: {pace: {reads: {keepAlive: 2h}}}|server.pace.reads.keepAlive: PT2H"
            + " (expected: 100 ms to 1 h)",
        "server: {drainTimeout: 61m}|server.drainTimeout: PT1H1M (expected: 0s to 1h)",
        "identity: {issuer: 'a b'}|identity.issuer: a b (expected: 1 to 200 printable characters)",
        "identity: {tokenLifetimeMax: 10s}|identity.tokenLifetimeMax: PT10S (expected: 1m to 366d)",
        "identity: {verifiedTokensMax: 0}|identity.verifiedTokensMax: 0 (expected: 1 to 1000000)",
        "identity: {clockSkew: 6m}|identity.clockSkew: PT6M (expected: 0s to 5m)",
        "door: {mode: loud}|door.mode: loud (expected: off, observe or enforce)",
        "logging: INFO|logging: not a mapping (expected: keys and values)",
      })
  void refusesSettingsOutOfRange(String text, String message) {
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> SettingsLoader.parse(FILE, text, Settings.class))
        .withMessage("my.yml: " + message);
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void readsEveryModeOfTheDoor(Mode mode) {
    String text = "door: {mode: " + mode.wire() + "}";
    assertThat(SettingsLoader.parse(FILE, text, Settings.class).door().mode()).isEqualTo(mode);
  }

  @Test
  void allowsTheSamePortOnTwoAddresses() {
    assertThat(
            ServerSettings.of("10.0.0.1", 8080, "127.0.0.1", 8080, null, null, null, null, null)
                .adminPort())
        .isEqualTo(8080);
    assertThat(ServerSettings.of(null, 0, null, 0, null, null, null, null, null).adminPort())
        .isZero();
  }

  private static Root read(String text) {
    return SettingsLoader.parse(FILE, text, Root.class);
  }

  private static Amount amount(String line) {
    return Objects.requireNonNull(read("amount: {" + line + "}").amount());
  }

  private static void assertRefused(String text, String message) {
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> read(text))
        .withMessage("my.yml: " + spelledOut(message));
  }

  private static String spelledOut(String message) {
    return message
        .replace("<duration>", "a duration such as 500ms, 30s, 5m, 1h, 7d or PT30S")
        .replace("<size>", "a size such as 4096, 64KiB, 16MiB or 1GiB")
        .replace("<criticality>", "one of CRITICAL_PLUS, CRITICAL, SHEDDABLE_PLUS, SHEDDABLE")
        .replace("<mapping>", "a mapping of keys to values")
        .replace("<address>", "an address such as http://127.0.0.1:9100")
        .replace("<alias>", "an alias (expected: the value itself)")
        .replace("<twice>", "given twice (expected: once)")
        .replace("<long>", "a whole number up to 9223372036854775807")
        .replace("<all>", "bodyBytesMax, ceiling, count, file, on, pause, rowsMax, share");
  }
}
