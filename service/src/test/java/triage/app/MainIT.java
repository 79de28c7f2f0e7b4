package triage.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainIT {
  @TempDir Path folder;

  /// What a run of the program left behind.
  record Run(int code, String out, String err) {}

  @Test
  void signsATokenWithoutLoadingServerOrStore() throws Exception {
    Files.writeString(folder.resolve("my.yml"), "");
    Path loaded = folder.resolve("loaded.txt");

    Run run = run(List.of("-Xlog:class+load:file=" + loaded), "token", "my.yml", "--caller", "edc");

    assertThat(run.code).isZero();
    assertThat(run.out).matches("[A-Za-z0-9_.-]{200,500}\n");
    assertThat(run.err).hasLineCount(2);
    assertThat(folder.resolve("data/token.secret")).exists();
    assertThat(Files.readString(loaded))
        .contains(" triage.app.TokenCommand ", " com.nimbusds.jwt.SignedJWT ")
        .doesNotContain(
            " org.eclipse.jetty.",
            " org.glassfish.",
            " io.dropwizard.",
            " ai.onnxruntime.",
            " org.postgresql.",
            " com.zaxxer.",
            " org.flywaydb.",
            " ch.qos.logback.",
            " org.jdbi.");
  }

  @Test
  void checksTheShippedSettings() throws Exception {
    Path shipped = Path.of(System.getProperty("triage.home"), "config.yml");

    Run run = run(List.of(), "check", shipped.toString());

    assertThat(run).isEqualTo(new Run(0, shipped + ": ok\n", ""));
  }

  @Test
  void endsWithOneLineAndACodeWhenSettingsAreWrong() throws Exception {
    Files.writeString(folder.resolve("my.yml"), "server:\n  port: 65536\n");

    for (String command : List.of("check", "server")) {
      Run run = run(List.of(), command, "my.yml");

      assertThat(run)
          .isEqualTo(new Run(1, "", "triage: my.yml: server.port: 65536 (expected: 0 to 65535)\n"));
    }
  }

  @Test
  void endsWithUsageWhenMisused() throws Exception {
    assertThat(run(List.of()).code).isEqualTo(2);
    assertThat(run(List.of(), "srever", "my.yml").err).contains("did you mean server?");
    assertThat(run(List.of(), "server", "a.yml", "b.yml").err).hasLineCount(1);
  }

  private Run run(List<String> options, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of(arguments));
    Path out = folder.resolve("out.txt");
    Path err = folder.resolve("err.txt");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("still running after 60 s: " + command);
    }
    return new Run(process.exitValue(), Files.readString(out), Files.readString(err));
  }
}
