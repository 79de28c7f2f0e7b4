package triage.app;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// The Python model server of `examples/python-model`, as a process of its own.
final class PythonServer implements AutoCloseable {
  /// The interpreter; one with scikit-learn shows the other variant of the server.
  private static final String PYTHON =
      Objects.requireNonNullElse(System.getenv("TRIAGE_PYTHON"), "python3");

  private final Process process;
  private final String url;
  private final String variant;

  private PythonServer(Process process, String url, String variant) {
    this.process = process;
    this.url = url;
    this.variant = variant;
  }

  /// Starts the server.
  ///
  /// @param port where it listens; 0 for a free port
  static PythonServer start(int port, String... more) throws IOException {
    Path server =
        Path.of(System.getProperty("triage.home"), "examples", "python-model", "server.py");
    List<String> command =
        new ArrayList<>(List.of(PYTHON, server.toString(), "--port", String.valueOf(port)));
    command.addAll(List.of(more));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String line = out.readLine();
    if (line == null || !line.startsWith("listening on ")) {
      process.destroyForcibly();
      throw new IOException("the Python server does not start: " + line);
    }
    String[] words = line.split(" ");
    return new PythonServer(process, words[2], words[3]);
  }

  String url() {
    return url;
  }

  int port() {
    return Integer.parseInt(url.substring(url.lastIndexOf(':') + 1));
  }

  String variant() {
    return variant;
  }

  /// Stops it in its tracks: connections stay, nothing answers.
  void freeze() throws Exception {
    signal("STOP");
  }

  void thaw() throws Exception {
    signal("CONT");
  }

  private void signal(String name) throws Exception {
    new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid())).start().waitFor();
  }

  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  @Override
  public void close() throws Exception {
    if (process.isAlive()) {
      thaw();
      kill();
    }
  }
}
