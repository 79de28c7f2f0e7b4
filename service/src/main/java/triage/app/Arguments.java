package triage.app;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// The arguments of a command, told apart: words that stand for themselves, and options with their
/// values (`--ttl 1h` or `--ttl=1h`).
///
/// **Threads**: immutable.
///
/// @param words what is no option, in order
/// @param options the values that each option was given, in order
record Arguments(List<String> words, Map<String, List<String>> options) {

  /// Copies the list.
  Arguments {
    words = List.copyOf(words);
  }

  /// Tells arguments apart.
  ///
  /// @param known the options that the command has, with their dashes
  /// @throws UsageException if an option is unknown or has no value
  static Arguments of(List<String> arguments, Set<String> known) {
    List<String> words = new ArrayList<>();
    Map<String, List<String>> options = new TreeMap<>();
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      if (!argument.startsWith("-")) {
        words.add(argument);
        continue;
      }
      int equals = argument.indexOf('=');
      String option = equals < 0 ? argument : argument.substring(0, equals);
      if (!known.contains(option)) {
        throw new UsageException(option + ": unknown option (" + suggestion(option, known) + ")");
      }
      if (equals < 0 && ++i == arguments.size()) {
        throw new UsageException(option + ": no value (expected: " + option + " VALUE)");
      }
      String value = equals < 0 ? arguments.get(i) : argument.substring(equals + 1);
      options.computeIfAbsent(option, missing -> new ArrayList<>()).add(value);
    }
    return new Arguments(words, options);
  }

  /// Gives the one file that is named.
  ///
  /// @throws UsageException if none is named, or several: files are never merged
  Path file() {
    if (words.size() != 1) {
      throw new UsageException(
          words.isEmpty()
              ? "no settings file (expected: one)"
              : words.size()
                  + " files: "
                  + String.join(" ", words)
                  + " (expected: one settings file; files are never merged)");
    }
    try {
      return Path.of(words.getFirst());
    } catch (InvalidPathException e) {
      throw new UsageException("FILE: not a path (expected: a settings file)");
    }
  }

  /// Gives the value of an option that may be given once, or nothing.
  ///
  /// @throws UsageException if it is given more than once
  Optional<String> once(String option) {
    List<String> values = all(option);
    if (values.size() > 1) {
      throw new UsageException(
          option + ": given " + values.size() + " times (expected: at most once)");
    }
    return values.stream().findFirst();
  }

  /// Gives every value of an option that may be given several times.
  List<String> all(String option) {
    return options.getOrDefault(option, List.of());
  }

  private static String suggestion(String option, Collection<String> known) {
    return known.isEmpty() ? "there are none here" : Spelling.suggestion(option, known);
  }
}
