package triage.analysis;

import java.util.List;
import org.jspecify.annotations.Nullable;
import triage.gateway.Refusal;
import triage.gateway.RefusedException;

/// The `Idempotency-Key` header: the caller's own name for one submission, however often it comes.
///
/// **Threads**: no state.
final class IdempotencyKey {
  /// The header's name.
  static final String HEADER = "Idempotency-Key";

  private static final int LENGTH_MAX = 200;

  private IdempotencyKey() {}

  /// Gives the key, or `null` where there is none; quotes around it are taken off.
  ///
  /// @param headers the values of all headers of that name
  /// @throws RefusedException 400 for more than one, or one that breaks the rule
  static @Nullable String of(List<String> headers) throws RefusedException {
    if (headers.isEmpty()) {
      return null;
    }
    String key = headers.getFirst().strip();
    if (key.length() >= 2 && key.startsWith("\"") && key.endsWith("\"")) {
      key = key.substring(1, key.length() - 1);
    }
    boolean printable = key.chars().allMatch(c -> c >= 0x20 && c < 0x7f);
    if (headers.size() > 1 || key.isEmpty() || key.length() > LENGTH_MAX || !printable) {
      throw new RefusedException(
          Refusal.badRequest(
              "Idempotency-Key must stand once and be 1 to "
                  + LENGTH_MAX
                  + " printable ASCII characters, such as a UUID"));
    }
    return key;
  }
}
