package triage.app;

import java.util.List;

/// One thing that `triage` can be asked to do, by its first argument.
///
/// A command that fails throws; one place turns that into a line on stderr and an exit code.
///
/// **Threads**: confined to the main thread.
interface Command {

  /// Gives the first argument that asks for it, such as `token`.
  String name();

  /// Gives how it is written after its name, such as `FILE --caller NAME`.
  String synopsis();

  /// Gives what it does, in half a line.
  String summary();

  /// Tells whether `help` speaks of it.
  default boolean isListed() {
    return true;
  }

  /// Does it.
  ///
  /// @param words the arguments after the name
  /// @throws UsageException if the words are not as the synopsis says
  void run(List<String> words) throws Exception;
}
