package triage.app;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import triage.backend.ModelSettings;
import triage.gateway.ServerCertificate;
import triage.store.Migration;
import triage.store.Store;
import triage.time.MonotonicClock;

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
        new ServerCommand(file -> new TriageApplication(out).serve(file)),
        new CheckCommand(out, List.of(Main::requireModelFiles, Main::requireCertificate)),
        new TokenCommand(out, err, InstantSource.system(), new SecureRandom()),
        new DbCommand(new StoreSchema(out)),
        new TrainCommand());
  }

  private static void requireModelFiles(Path file, Settings settings) {
    for (Map.Entry<String, ModelSettings> model : settings.models().entrySet()) {
      for (int i = 0; i < model.getValue().backends().size(); i++) {
        Path named = model.getValue().backends().get(i).file();
        if (named != null && !Files.isRegularFile(SettingsLoader.folder(file).resolve(named))) {
          throw new SettingsException(
              "%s: models.%s.backends[%d].file: %s (expected: a file that is there)"
                  .formatted(file, model.getKey(), i, named));
        }
      }
    }
  }

  private static void requireCertificate(Path file, Settings settings) {
    ServerCertificate read = TriageApplication.certificate(file, settings, InstantSource.system());
    if (read != null) {
      read.close();
    }
  }

  /// The schema of the store that the settings name.
  private record StoreSchema(PrintStream out) implements DbCommand.Schema {
    @Override
    public void migrate(Path file, Settings settings) {
      print(Store.migrate(settings.store(), settings.data(), MonotonicClock.system()));
    }

    @Override
    public void status(Path file, Settings settings) {
      print(Store.status(settings.store(), settings.data(), MonotonicClock.system()));
    }

    private void print(List<Migration> migrations) {
      for (Migration migration : migrations) {
        out.printf(
            "%-8s %-10s %s%n", migration.version(), migration.state(), migration.description());
      }
    }
  }
}
