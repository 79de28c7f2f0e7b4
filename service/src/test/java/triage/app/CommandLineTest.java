package triage.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.BindException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineTest {

  /// What the command of this test does with the file that it is given.
  private interface Start {
    void from(Path file) throws IOException;
  }

  /// A command that takes one file and no options.
  private record Serve(Start start) implements Command {
    @Override
    public String name() {
      return "server";
    }

    @Override
    public String synopsis() {
      return "FILE";
    }

    @Override
    public String summary() {
      return "serves";
    }

    @Override
    public void run(List<String> words) throws IOException {
      start.from(Arguments.of(words, Set.of()).file());
    }
  }

  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private final List<Path> started = new ArrayList<>();
  private final CommandLine line = lineThat(started::add);

  @Test
  void runsTheCommandThatIsNamed() {
    assertThat(line.run(List.of("server", "my.yml"))).isZero();
    assertThat(started).containsExactly(Path.of("my.yml"));
    assertThat(said()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "help", "--help", "-h"})
  void listsTheCommands(String word) {
    assertThat(line.run(word.isEmpty() ? List.of() : List.of(word))).isEqualTo(2);
    assertThat(said()).isEqualTo("  triage server FILE\n      serves\n");
  }

  @Test
  void saysWhatAnUnknownCommandMayHaveMeant() {
    assertThat(line.run(List.of("sevrer", "my.yml"))).isEqualTo(2);
    assertThat(said()).startsWith("triage: unknown command: sevrer (did you mean server?)\n");
    assertThat(started).isEmpty();
  }

  @Test
  void neverMergesFiles() {
    assertThat(line.run(List.of("server", "a.yml", "b.yml"))).isEqualTo(2);
    assertThat(said())
        .isEqualTo(
            "triage: server: 2 files: a.yml b.yml (expected: one settings file; files are never"
                + " merged); usage: triage server FILE\n");
    assertThat(started).isEmpty();
  }

  @Test
  void saysThatAFileIsMissing() {
    assertThat(line.run(List.of("server"))).isEqualTo(2);
    assertThat(said())
        .isEqualTo("triage: server: no settings file (expected: one); usage: triage server FILE\n");
  }

  @Test
  void refusesOptionsThatDoNotExist() {
    assertThat(line.run(List.of("server", "a.yml", "--debug"))).isEqualTo(2);
    assertThat(said())
        .startsWith("triage: server: --debug: unknown option (there are none here); usage: ");
  }

  @Test
  void saysOurFailuresInOneLine() {
    CommandLine failing =
        lineThat(file -> {
          throw new SettingsException(file + ": server.port:\n\t 7");
        });

    assertThat(failing.run(List.of("server", "a.yml"))).isEqualTo(1);
    assertThat(said()).isEqualTo("triage: a.yml: server.port: 7\n");
  }

  @Test
  void saysOtherFailuresWithTheirKind() {
    CommandLine failing =
        lineThat(file -> {
          throw new IOException("disk\n\tgone");
        });

    assertThat(failing.run(List.of("server", "a.yml"))).isEqualTo(1);
    assertThat(said()).isEqualTo("triage: IOException: disk gone\n");
  }

  @Test
  void saysThatAPortIsTaken() {
    CommandLine failing =
        lineThat(file -> {
          throw new IOException(
              "Failed to bind to /0.0.0.0:8080", new BindException("Address already in use"));
        });

    assertThat(failing.run(List.of("server", "a.yml"))).isEqualTo(1);
    assertThat(said())
        .isEqualTo(
            "triage: Failed to bind to /0.0.0.0:8080 (expected: a free port; see server.port and"
                + " server.adminPort)\n");
  }

  @Test
  void tellsOptionsFromWords() {
    Arguments arguments =
        Arguments.of(
            List.of("--role", "read", "a.yml", "--role=operate", "--ttl="),
            Set.of("--role", "--ttl"));

    assertThat(arguments.file()).isEqualTo(Path.of("a.yml"));
    assertThat(arguments.all("--role")).containsExactly("read", "operate");
    assertThat(arguments.once("--ttl")).contains("");
    assertThat(arguments.once("--caller")).isEmpty();
  }

  private CommandLine lineThat(Start start) {
    PrintStream err = new PrintStream(said, true, StandardCharsets.UTF_8);
    return new CommandLine(err, List.of(new Serve(start)));
  }

  private String said() {
    return said.toString(StandardCharsets.UTF_8);
  }
}
