package triage.perf.live;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// Names with values, as `--name value` on a command line, `name=value` in one of its values, or in
/// the query of a URL.
///
/// **Errors**: an [IllegalArgumentException] that names the option and the rule.
///
/// Immutable.
///
/// @param values of each name, in order
record Options(Map<String, List<String>> values) {
  /// Reads a command line.
  ///
  /// @param known the names that there are, without dashes
  static Options ofArguments(String[] arguments, Set<String> known) {
    if (arguments.length % 2 != 0) {
      throw new IllegalArgumentException("arguments: an odd number (expected: --name value ...)");
    }
    Map<String, List<String>> values = new TreeMap<>();
    for (int i = 0; i < arguments.length; i += 2) {
      if (!arguments[i].startsWith("--")) {
        throw new IllegalArgumentException(arguments[i] + ": unknown (expected: --name)");
      }
      add(values, arguments[i].substring(2), arguments[i + 1], known);
    }
    return new Options(values);
  }

  /// Reads `name=value` pairs.
  ///
  /// @param separator what parts them, as a regular expression
  static Options ofPairs(String text, String separator, Set<String> known) {
    Map<String, List<String>> values = new TreeMap<>();
    for (String pair : text.split(separator)) {
      int equals = pair.indexOf('=');
      if (equals > 0) {
        add(values, pair.substring(0, equals), pair.substring(equals + 1), known);
      } else if (!pair.isEmpty()) {
        throw new IllegalArgumentException(pair + ": no value (expected: name=value)");
      }
    }
    return new Options(values);
  }

  private static void add(
      Map<String, List<String>> values, String name, String value, Set<String> known) {
    if (!known.contains(name)) {
      throw new IllegalArgumentException(name + ": unknown (expected one of: " + known + ")");
    }
    values.computeIfAbsent(name, missing -> new ArrayList<>()).add(value);
  }

  /// Gives every value of a name.
  List<String> all(String name) {
    return values.getOrDefault(name, List.of());
  }

  /// Gives the last value of a name, or another where there is none.
  String text(String name, String otherwise) {
    return values.containsKey(name) ? values.get(name).getLast() : otherwise;
  }

  /// Gives a whole number, or another where there is none.
  long whole(String name, long otherwise) {
    return (long) number(name, otherwise);
  }

  /// Gives a whole number that fits 32 bits, or another where there is none.
  int count(String name, int otherwise) {
    return Math.toIntExact(whole(name, otherwise));
  }

  /// Gives a number, or another where there is none.
  double number(String name, double otherwise) {
    return values.containsKey(name) ? number(name, text(name, "")) : otherwise;
  }

  /// Gives whole numbers parted by commas.
  List<Integer> counts(String name, String otherwise) {
    return Arrays.stream(text(name, otherwise).split(","))
        .map(part -> Math.toIntExact((long) number(name, part)))
        .toList();
  }

  private static double number(String name, String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(name + ": " + text + " (expected: a number)", e);
    }
  }
}
