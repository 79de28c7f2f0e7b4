package triage.app;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/// `server`: starts the gateway.
///
/// **Threads**: confined to the main thread.
final class ServerCommand implements Command {
  private final Start start;

  ServerCommand(Start start) {
    this.start = start;
  }

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
    return "starts the gateway with the settings in FILE";
  }

  @Override
  public void run(List<String> words) throws Exception {
    Path file = Arguments.of(words, Set.of()).file();
    start.server(file);
  }

  /// Starts the server; another thread keeps the program alive.
  ///
  /// It takes no [TriageConfiguration]: the commands that start no server would load Dropwizard.
  interface Start {

    /// Starts the server with the settings in a file.
    void server(Path file) throws Exception;
  }
}
