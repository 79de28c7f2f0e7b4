package triage.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The program as a process: how it starts, how it says that it cannot, and how it ends.
final class StartIT {
  @TempDir Path folder;

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "sever: {port: 0} | sever: unknown key",
        "server: {port: 70000} | server.port: 70000 (expected: 0 to 65535)",
        "server: {prot: 0} | server.prot: unknown key",
        "models: {m: {backends: [{file: gone.onnx}]}} | models.m.backends[0].file: no such file",
        "models: {m: {backends: []}} | models.m.backends: 0 of them (expected: 1 to 100)",
        "models: {m: {backends: [{url: 'ftp://x'}]}} | models.m.backends[0].url: ftp://x"
            + " (expected",
        "audit: {onFull: ignore} | audit.onFull: \"ignore\" (expected: one of refuse, count)",
        "store: {url: 'jdbc:postgresql://127.0.0.1:1/x', user: u} | identity.secretFile: missing",
      })
  void stopsWithOneClearLine(String yaml, String expected) throws Exception {
    assertStops(yaml, expected);
  }

  @Test
  void stopsWhenAModelFileIsNoModel() throws Exception {
    Files.writeString(folder.resolve("broken.onnx"), "not a model");
    assertStops(
        "models: {m: {backends: [{file: broken.onnx}]}}",
        "models.m.backends[0].file: " + folder.resolve("broken.onnx") + " cannot be loaded");
  }

  @Test
  void stopsWhenAModelHasATensorThatTheProtocolDoesNotKnow() throws Exception {
    Files.write(folder.resolve("bf16.onnx"), IdentityModel.of(16));
    assertStops(
        "models: {m: {backends: [{file: bf16.onnx}]}}",
        "tensor `x` is of BFLOAT16 (expected in process: DOUBLE,");
  }

  @Test
  void stopsWhenThePortIsTaken() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertStops(
          "server: {host: 127.0.0.1, adminPort: 0, port: " + taken.getLocalPort() + "}\n" + STORE,
          "(expected: a free port; see server.port and server.adminPort)");
    }
  }

  @Test
  void drainsAfterTheSignalAndLosesNothingThatItTookIn() throws Exception {
    try (FakeModelServer model = new FakeModelServer()) {
      Process process =
          start(
              "server: {host: 127.0.0.1, port: 0, adminPort: 0}\n"
                  + STORE
                  + "models: {m: {backends: [{url: '"
                  + model.url()
                  + "'}]}}\n");
      try {
        List<String> said = new ArrayList<>();
        BufferedReader out =
            new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
        for (String line = out.readLine(); line != null; line = out.readLine()) {
          said.add(line);
          if (line.startsWith("curl ")) {
            break;
          }
        }
        String listens =
            said.stream().filter(line -> line.startsWith("Triage listens on ")).findFirst().get();
        String[] words = listens.split("[ ()]+");
        URI api = URI.create(words[3]);
        URI admin = URI.create(words[5].replaceAll("[.)]+$", ""));
        HttpURLConnection asked =
            (HttpURLConnection) api.resolve("/v2/models/m/infer").toURL().openConnection();
        asked.setRequestProperty("Authorization", "Bearer " + token());
        asked.setDoOutput(true);
        asked.getOutputStream().write("kept".getBytes(UTF_8));
        Thread answer = Thread.startVirtualThread(() -> status(asked));
        RunningService.await("asked", () -> model.asked().size() == 1);

        process.destroy();
        RunningService.await("not ready", () -> status(open(admin.resolve("/ready"))) == 503);
        HttpURLConnection late = open(api.resolve("/v2/models/m/infer"));
        assertThat(status(late)).isEqualTo(503);
        assertThat(late.getHeaderField("Triage-Reason")).isEqualTo("draining");

        model.release(1);
        answer.join();
        assertThat(status(asked)).isEqualTo(200);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isIn(0, 143);
      } finally {
        process.destroyForcibly().waitFor();
      }
    }
  }

  private static final String STORE =
      "store: {binaries: '" + Path.of("target", "postgresql").toAbsolutePath() + "'}\n";

  private static HttpURLConnection open(URI uri) {
    try {
      return (HttpURLConnection) uri.toURL().openConnection();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static int status(HttpURLConnection connection) {
    try {
      return connection.getResponseCode();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private String token() throws Exception {
    Process process =
        program("token", folder.resolve("config.yml").toString(), "--caller", "starter").start();
    String token = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
    assertThat(process.waitFor()).isZero();
    return token;
  }

  private void assertStops(String yaml, String expected) throws Exception {
    Process process = start(yaml);
    // One that starts all the same would never end what it writes.
    var _ =
        process
            .onExit()
            .orTimeout(60, TimeUnit.SECONDS)
            .exceptionally(late -> process.destroyForcibly());
    String out = new String(process.getInputStream().readAllBytes(), UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).isNotZero();
    assertThat(err.lines().filter(line -> line.startsWith("triage: ")))
        .singleElement()
        .asString()
        .contains(expected);
    assertThat(out + err).doesNotContain("\tat ");
  }

  private Process start(String yaml) throws Exception {
    Path file = folder.resolve("config.yml");
    Files.writeString(file, yaml);
    return program("server", file.toString()).start();
  }

  private ProcessBuilder program(String... words) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Dtriage.home=" + System.getProperty("triage.home"),
                "-cp",
                System.getProperty("java.class.path"),
                "triage.app.Main"));
    command.addAll(List.of(words));
    return new ProcessBuilder(command).directory(folder.toFile());
  }
}
