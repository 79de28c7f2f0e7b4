package triage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// The working copy that the tests run in.
final class Checkout {
  private Checkout() {}

  /// Gives the folder that holds all modules.
  static Path root() {
    Path module = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
    return Files.exists(module.resolve("service/pom.xml")) ? module : module.getParent();
  }

  /// Gives every Java source of every module, in the order of their paths.
  static List<Path> javaSources() {
    return Stream.of("api", "service", "perf")
        .map(module -> root().resolve(module).resolve("src"))
        .filter(Files::isDirectory)
        .flatMap(Checkout::javaFilesBelow)
        .sorted()
        .toList();
  }

  private static Stream<Path> javaFilesBelow(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(".java")).toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Gives the text of a file.
  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
