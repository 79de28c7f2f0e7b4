package triage.app;

import java.io.PrintStream;
import java.net.BindException;
import java.util.List;

/// Finds the command that is asked for, runs it, and turns every failure into one line on stderr.
///
/// **Threads**: confined to the main thread.
final class CommandLine {
  /// The exit code of a command that did what it was asked.
  static final int DONE = 0;

  /// The exit code of a command that failed.
  static final int FAILED = 1;

  /// The exit code of a command line that cannot be understood.
  static final int MISUSED = 2;

  private final PrintStream err;
  private final List<Command> commands;

  CommandLine(PrintStream err, List<Command> commands) {
    this.err = err;
    this.commands = List.copyOf(commands);
  }

  /// Runs the command that the first argument names.
  ///
  /// @return the exit code
  int run(List<String> arguments) {
    String name = arguments.isEmpty() ? "help" : arguments.getFirst();
    for (Command command : commands) {
      if (command.name().equals(name)) {
        return run(command, arguments.subList(1, arguments.size()));
      }
    }
    boolean help = List.of("help", "--help", "-h").contains(name);
    if (!help) {
      List<String> names = commands.stream().map(Command::name).toList();
      say("unknown command: " + name + " (" + Spelling.suggestion(name, names) + ")");
    }
    commands.stream().filter(Command::isListed).forEach(this::describe);
    return MISUSED;
  }

  private int run(Command command, List<String> words) {
    try {
      command.run(words);
      return DONE;
    } catch (UsageException e) {
      String usage = "triage " + command.name() + " " + command.synopsis();
      say(command.name() + ": " + e.getMessage() + "; usage: " + usage);
      return MISUSED;
    } catch (Exception e) {
      say(reason(e));
      return FAILED;
    }
  }

  private void describe(Command command) {
    err.println("  triage " + command.name() + " " + command.synopsis());
    err.println("      " + command.summary());
  }

  private void say(String line) {
    err.println("triage: " + line.replaceAll("\\s*\\p{Cntrl}\\s*", " ").strip());
  }

  /// Gives the line for a failure. Ours are written for the operator; of others the kind says more
  /// than the text alone.
  private static String reason(Exception e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof BindException) {
        return e.getMessage() + " (expected: a free port; see server.port and server.adminPort)";
      }
    }
    if (e.getMessage() == null) {
      return e.getClass().getSimpleName();
    }
    boolean ours = e.getClass().getName().startsWith("triage.");
    return ours ? e.getMessage() : e.getClass().getSimpleName() + ": " + e.getMessage();
  }
}
