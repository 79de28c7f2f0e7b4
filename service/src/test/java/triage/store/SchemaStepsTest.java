package triage.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The numbers of the schema's steps: two steps of one number would stop every start.
final class SchemaStepsTest {
  @Test
  void numbersItsStepsFromOneWithoutAGapOrAPair() throws Exception {
    Path folder =
        Path.of(
            Objects.requireNonNull(Schema.class.getResource("/db/migration/V1__audit.sql"))
                .toURI());
    try (Stream<Path> files = Files.list(folder.resolveSibling("."))) {
      List<Integer> numbers =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.startsWith("V"))
              .map(name -> Integer.parseInt(name.substring(1, name.indexOf("__"))))
              .sorted()
              .toList();

      assertThat(numbers)
          .isEqualTo(IntStream.rangeClosed(1, numbers.size()).boxed().toList())
          .hasSizeGreaterThanOrEqualTo(4);
    }
  }
}
