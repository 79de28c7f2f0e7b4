package triage.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.node.TextNode;
import io.dropwizard.logging.common.ConsoleAppenderFactory;
import io.dropwizard.logging.common.DefaultLoggingFactory;
import io.dropwizard.logging.common.FileAppenderFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoggingTest {
  private static final Path FILE = Path.of("my.yml");

  @Test
  void writesToStdoutInUtcByDefault() {
    DefaultLoggingFactory logging = logging("");

    assertThat(logging.getLevel()).isEqualTo("INFO");
    assertThat(logging.getLoggers())
        .containsEntry("org.eclipse.jetty", TextNode.valueOf("WARN"))
        .containsEntry("org.flywaydb", TextNode.valueOf("WARN"))
        .containsEntry("com.zaxxer.hikari", TextNode.valueOf("WARN"));
    assertThat(logging.getAppenders())
        .singleElement()
        .isInstanceOfSatisfying(
            ConsoleAppenderFactory.class,
            console -> {
              assertThat(console.getTarget())
                  .isEqualTo(ConsoleAppenderFactory.ConsoleStream.STDOUT);
              assertThat(console.getTimeZone().getID()).isEqualTo("UTC");
              assertThat(console.getLogFormat()).contains("UTC");
            });
  }

  @Test
  void laysWhatIsGivenOverTheDefaults() {
    DefaultLoggingFactory logging =
        logging("logging: {level: DEBUG, loggers: {org.flywaydb: INFO, triage.store: TRACE}}");

    assertThat(logging.getLevel()).isEqualTo("DEBUG");
    assertThat(logging.getLoggers())
        .containsEntry("org.eclipse.jetty", TextNode.valueOf("WARN"))
        .containsEntry("org.flywaydb", TextNode.valueOf("INFO"))
        .containsEntry("triage.store", TextNode.valueOf("TRACE"));
    assertThat(logging.getAppenders()).hasSize(1);
  }

  @Test
  void replacesTheAppenders() {
    assertThat(
            logging(
                    "logging: {appenders: [{type: file, currentLogFilename: a.log, archive:"
                        + " false}]}")
                .getAppenders())
        .singleElement()
        .isInstanceOf(FileAppenderFactory.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{level: LOUD}|logging.level: \"LOUD\" (expected: OFF, ERROR, WARN, INFO, DEBUG, TRACE or"
            + " ALL)",
        "{loggers: {a.b: 7}}|logging.loggers.a.b: 7 (expected: OFF, ERROR, WARN, INFO, DEBUG, TRACE"
            + " or ALL)",
        "{loggers: {a.b: {level: x}}}|logging.loggers.a.b.level: \"x\" (expected: OFF, ERROR, WARN,"
            + " INFO, DEBUG, TRACE or ALL)",
        "{appenders: [{type: console, threshold: x}]}|logging.appenders[0].threshold: \"x\""
            + " <level>",
        "{levle: INFO}|logging.levle: unknown key (did you mean level?)",
        "{appenders: [{type: consol}]}|logging.appenders[0].type: \"consol\" (expected: a type that"
            + " exists)",
        "{appenders: [{type: console, targt: stdout}]}|logging.appenders[0].targt: unknown key (did"
            + " you mean target?)",
        "{appenders: {}}|logging.appenders: a mapping (expected: a list)"
      })
  void refusesWhatDropwizardDoesNotKnow(String text, String message) {
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> logging("logging: " + text))
        .withMessage(
            "my.yml: "
                + message.replace(
                    "<level>", "(expected: OFF, ERROR, WARN, INFO, DEBUG, TRACE or ALL)"));
  }

  @Test
  void takesABareOffForALevel() {
    assertThat(logging("logging: {level: OFF, loggers: {a.b: off}}").getLevel())
        .isIn("OFF", "false");
  }

  private static DefaultLoggingFactory logging(String text) {
    Settings settings = SettingsLoader.parse(FILE, text, Settings.class);
    return (DefaultLoggingFactory) Logging.factory(FILE, settings.logging());
  }
}
