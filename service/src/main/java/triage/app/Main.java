package triage.app;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;

/// The program's entry: `triage COMMAND ...`.
///
/// Each command loads what it needs and no more: `token` knows neither server nor store.
///
/// **Threads**: runs on the main thread.
public final class Main {
  private Main() {}

  /// Runs the command that the first argument names. A failure is one line on stderr and an exit
  /// code that is not 0; a server that has started keeps running after this returns.
  public static void main(String[] arguments) {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
    int code = new CommandLine(err, commands(out, err)).run(List.of(arguments));
    if (code != CommandLine.DONE) {
      System.exit(code);
    }
  }

  private static List<Command> commands(PrintStream out, PrintStream err) {
    return List.of(
        new ServerCommand(file -> {
          TriageConfiguration.load(file);
          throw new UnsupportedOperationException("the server is not wired yet");
        }),
        new CheckCommand(out, List.of()),
        new TokenCommand(out, err, InstantSource.system(), new SecureRandom()));
  }
}
