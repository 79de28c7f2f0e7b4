package triage.pressure;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/// A small text file that the kernel keeps, read anew each time.
///
/// **Threads**: immutable.
record KernelFile(Path path) {

  /// Gives the text, or nothing where it cannot be read.
  Optional<String> text() {
    try {
      return Optional.of(Files.readString(path, StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /// Gives the number that is all of the text.
  OptionalLong number() {
    return text().map(text -> parse(text.strip())).orElse(OptionalLong.empty());
  }

  /// Gives the number behind a name at the beginning of a line, as in `usage_usec 123`.
  OptionalLong number(String name) {
    return text()
        .flatMap(text -> text.lines().filter(line -> line.startsWith(name + " ")).findFirst())
        .map(line -> parse(line.substring(name.length() + 1).strip()))
        .orElse(OptionalLong.empty());
  }

  /// Gives a decimal number, or nothing where the text is none.
  static OptionalLong parse(String text) {
    try {
      return OptionalLong.of(Long.parseLong(text));
    } catch (NumberFormatException e) {
      return OptionalLong.empty();
    }
  }
}
