package triage.app;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/// `check`: says whether a settings file can be used, without starting anything.
///
/// **Threads**: confined to the main thread.
final class CheckCommand implements Command {
  private final PrintStream out;
  private final List<Rule> rules;

  /// Makes the command.
  ///
  /// @param rules what must hold beyond the settings themselves, such as that model files exist
  CheckCommand(PrintStream out, List<Rule> rules) {
    this.out = out;
    this.rules = List.copyOf(rules);
  }

  @Override
  public String name() {
    return "check";
  }

  @Override
  public String synopsis() {
    return "FILE";
  }

  @Override
  public String summary() {
    return "says whether the settings in FILE can be used";
  }

  @Override
  public void run(List<String> words) throws Exception {
    Path file = Arguments.of(words, Set.of()).file();
    TriageConfiguration configuration = TriageConfiguration.load(file);
    for (Rule rule : rules) {
      rule.require(file, configuration.settings());
    }
    out.println(file + ": ok");
  }

  /// Something that must hold for a settings file beyond the values in it.
  interface Rule {

    /// Checks the rule.
    ///
    /// @throws Exception with one line for the operator if it does not hold: [SettingsException] or
    ///   another of ours
    void require(Path file, Settings settings) throws Exception;
  }
}
