package triage.app;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/// `db`: brings the store's schema up to date, or says how it stands.
///
/// **Threads**: confined to the main thread.
final class DbCommand implements Command {
  private final Schema schema;

  DbCommand(Schema schema) {
    this.schema = schema;
  }

  @Override
  public String name() {
    return "db";
  }

  @Override
  public String synopsis() {
    return "migrate|status FILE";
  }

  @Override
  public String summary() {
    return "brings the schema of the store up to date, or says how it stands";
  }

  @Override
  public void run(List<String> words) throws Exception {
    String task = words.isEmpty() ? "" : words.getFirst();
    if (!task.equals("migrate") && !task.equals("status")) {
      throw new UsageException("\"" + task + "\" (expected: migrate or status)");
    }
    Path file = Arguments.of(words.subList(1, words.size()), Set.of()).file();
    Settings settings = SettingsLoader.load(file);
    if (task.equals("migrate")) {
      schema.migrate(file, settings);
    } else {
      schema.status(file, settings);
    }
  }

  /// The schema of the store.
  interface Schema {

    /// Brings it up to date.
    void migrate(Path file, Settings settings) throws Exception;

    /// Prints how it stands.
    void status(Path file, Settings settings) throws Exception;
  }
}
