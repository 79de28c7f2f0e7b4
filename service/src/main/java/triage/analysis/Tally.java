package triage.analysis;

import java.util.HashMap;
import java.util.Map;

/// How much there is of some, by name.
///
/// **Threads**: not safe; whoever has one guards it.
final class Tally {
  private final Map<String, Long> amounts = new HashMap<>();

  void add(String name, long amount) {
    amounts.merge(name, amount, Long::sum);
  }

  /// Takes off as much, and no more than there is.
  void lessen(String name, long amount) {
    amounts.computeIfPresent(name, (_, had) -> had > amount ? had - amount : null);
  }

  void clear() {
    amounts.clear();
  }

  /// Gives this on top of other amounts.
  Map<String, Long> on(Map<String, Long> others) {
    Map<String, Long> both = new HashMap<>(others);
    amounts.forEach((name, amount) -> both.merge(name, amount, Long::sum));
    return both;
  }
}
