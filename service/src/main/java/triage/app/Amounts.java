package triage.app;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How durations and sizes are written in settings and on the command line.
///
/// **Threads**: no state.
final class Amounts {
  /// What a duration looks like, for messages.
  static final String DURATION_RULE = "a duration such as 500ms, 30s, 5m, 1h, 7d or PT30S";

  /// What a size looks like, for messages.
  static final String BYTES_RULE = "a size such as 4096, 64KiB, 16MiB or 1GiB";

  private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m|h|d)");
  private static final Pattern ISO_DURATION = Pattern.compile("P[0-9DTHMS.]{2,30}");
  private static final Pattern BYTES = Pattern.compile("([0-9]{1,10})(B|KiB|MiB|GiB)?");

  private Amounts() {}

  /// Gives a duration written as `500ms`, `30s`, `5m`, `1h`, `7d` or in ISO 8601, or nothing if the
  /// text is none.
  static Optional<Duration> duration(String text) {
    Matcher matcher = DURATION.matcher(text);
    if (matcher.matches()) {
      long number = Long.parseLong(matcher.group(1));
      return Optional.of(
          switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            default -> Duration.ofDays(number);
          });
    }
    if (!ISO_DURATION.matcher(text).matches()) {
      return Optional.empty();
    }
    try {
      return Optional.of(Duration.parse(text));
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  /// Gives a duration as settings write it, in the largest unit that needs no fraction.
  static String written(Duration duration) {
    if (duration.isZero() || duration.toNanosPart() % 1_000_000 != 0) {
      return duration.isZero() ? "0s" : duration.toString();
    }
    long millis = duration.toMillis();
    if (millis % 1_000 != 0) {
      return millis + "ms";
    }
    long seconds = millis / 1_000;
    if (seconds % 86_400 == 0) {
      return seconds / 86_400 + "d";
    }
    if (seconds % 3_600 == 0) {
      return seconds / 3_600 + "h";
    }
    return seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
  }

  /// Gives a number of bytes written as `4096`, `64KiB`, `16MiB` or `1GiB`, or nothing if the text
  /// is none.
  static OptionalLong bytes(String text) {
    Matcher matcher = BYTES.matcher(text);
    if (!matcher.matches()) {
      return OptionalLong.empty();
    }
    String unit = matcher.group(2);
    int shift = unit == null ? 0 : 10 * "BKMG".indexOf(unit.charAt(0));
    return OptionalLong.of(Long.parseLong(matcher.group(1)) << shift);
  }
}
