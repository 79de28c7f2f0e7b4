package triage.audit;

import org.jspecify.annotations.Nullable;

/// Text from outside on its way into a row: what a caller made up must not make the row fail, nor
/// grow without bound.
final class AuditText {
  private static final int CHARS_MAX = 200;

  private AuditText() {}

  /// Gives `text` cut to 200 characters, with a question mark for each control character and each
  /// half of a broken pair, which the store would refuse.
  static String bounded(String text) {
    if (text.length() <= CHARS_MAX && isClean(text)) {
      return text;
    }
    int end = Math.min(text.length(), CHARS_MAX);
    StringBuilder clean = new StringBuilder(end);
    for (int i = 0; i < end; i++) {
      char c = text.charAt(i);
      boolean pair =
          Character.isHighSurrogate(c)
              && i + 1 < end
              && Character.isLowSurrogate(text.charAt(i + 1));
      if (pair) {
        clean.append(c).append(text.charAt(++i));
      } else {
        clean.append(Character.isISOControl(c) || Character.isSurrogate(c) ? '?' : c);
      }
    }
    return clean.toString();
  }

  /// Gives the same of a text that may be missing.
  static @Nullable String boundedOrNull(@Nullable String text) {
    return text == null ? null : bounded(text);
  }

  private static boolean isClean(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isISOControl(c) || Character.isSurrogate(c)) {
        return false;
      }
    }
    return true;
  }
}
