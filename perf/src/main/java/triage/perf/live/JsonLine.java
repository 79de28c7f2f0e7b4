package triage.perf.live;

import java.util.Locale;
import java.util.Map;

/// One flat JSON object on one line, written key by key. Keys are ours and need no escaping.
///
/// **Threads**: confined to one thread.
final class JsonLine {
  private final StringBuilder text = new StringBuilder("{");

  /// Makes one whose first key says what kind of line it is.
  JsonLine(String kind) {
    put("line", kind);
  }

  /// Adds a text.
  JsonLine put(String key, String value) {
    key(key).append('"');
    value.chars().forEach(this::letter);
    text.append('"');
    return this;
  }

  /// Adds a whole number.
  JsonLine put(String key, long value) {
    key(key).append(value);
    return this;
  }

  /// Adds a number, to the third decimal.
  JsonLine put(String key, double value) {
    key(key).append(String.format(Locale.ROOT, "%.3f", value));
    return this;
  }

  /// Adds a truth.
  JsonLine put(String key, boolean value) {
    key(key).append(value);
    return this;
  }

  /// Adds an object of whole numbers.
  JsonLine put(String key, Map<String, Long> values) {
    key(key).append('{');
    String comma = "";
    for (Map.Entry<String, Long> value : values.entrySet()) {
      text.append(comma).append('"');
      value.getKey().chars().forEach(this::letter);
      text.append("\":").append(value.getValue());
      comma = ",";
    }
    text.append('}');
    return this;
  }

  private StringBuilder key(String key) {
    if (text.length() > 1) {
      text.append(',');
    }
    return text.append('"').append(key).append("\":");
  }

  private void letter(int letter) {
    if (letter < ' ' || letter == '"' || letter == '\\') {
      text.append(String.format(Locale.ROOT, "\\u%04x", letter));
    } else {
      text.append((char) letter);
    }
  }

  /// Gives the line, without a line break.
  @Override
  public String toString() {
    return text + "}";
  }
}
