package triage.app;

import java.util.Collection;
import java.util.List;
import java.util.Locale;

/// What somebody may have meant who wrote a name that does not exist.
///
/// **Threads**: no state.
final class Spelling {
  private static final int GIVEN_LENGTH_MAX = 100;

  private Spelling() {}

  /// Gives `did you mean port?`, or all known names where none is near.
  static String suggestion(String given, Collection<String> known) {
    List<String> sorted = known.stream().sorted().toList();
    List<String> near = sorted.stream().filter(name -> isNear(given, name)).toList();
    return near.isEmpty()
        ? "known here: " + String.join(", ", sorted)
        : "did you mean " + String.join(" or ", near) + "?";
  }

  /// Says whether two names are at most as many edits apart as a third of their length.
  private static boolean isNear(String given, String known) {
    int bound = Math.max(1, known.length() / 3);
    return given.length() <= GIVEN_LENGTH_MAX
        && edits(given.toLowerCase(Locale.ROOT), known.toLowerCase(Locale.ROOT)) <= bound;
  }

  /// Gives how many letters were added, left out, replaced or swapped with their neighbour.
  private static int edits(String from, String to) {
    int[][] edits = new int[from.length() + 1][to.length() + 1];
    for (int i = 0; i <= from.length(); i++) {
      for (int j = 0; j <= to.length(); j++) {
        if (i == 0 || j == 0) {
          edits[i][j] = i + j;
          continue;
        }
        int replaced = edits[i - 1][j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        edits[i][j] = Math.min(replaced, 1 + Math.min(edits[i - 1][j], edits[i][j - 1]));
        boolean swapped =
            i > 1
                && j > 1
                && from.charAt(i - 1) == to.charAt(j - 2)
                && from.charAt(i - 2) == to.charAt(j - 1);
        if (swapped) {
          edits[i][j] = Math.min(edits[i][j], edits[i - 2][j - 2] + 1);
        }
      }
    }
    return edits[from.length()][to.length()];
  }
}
