package triage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// What the sources must look like beyond what the formatter and the compiler check: cheap tests of
/// text, each shown something that it must reject.
class StyleTest {
  private static final int LINE_LENGTH_MAX = 100;

  private static final Pattern LEFT_OVER = Pattern.compile("\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b");
  private static final Pattern EMPTY_NAME =
      Pattern.compile(
          "\\b(?:class|interface|record|enum)\\s+(\\w*(?:Manager|Utils?|Helpers?|Impl))\\b");
  private static final Pattern SLEEP =
      Pattern.compile("\\b(?:Thread|TimeUnit\\.\\w+|SECONDS|MILLISECONDS)\\.sleep\\(");
  private static final Pattern TEST_METHOD =
      Pattern.compile(
          "^\\s*@(?:Test|ParameterizedTest|RepeatedTest|TestFactory)\\b", Pattern.MULTILINE);
  private static final Pattern TOP_LEVEL_TYPE =
      Pattern.compile(
          "^(?:(?:public|abstract|final|sealed|non-sealed) )*"
              + "(?:class|interface|record|enum|@interface) (\\w+).*");

  @Test
  void nothingIsLeftToBeDone() {
    assertThat(findings(Checkout.javaSources(), text -> all(LEFT_OVER, text))).isEmpty();
    assertThat(all(LEFT_OVER, "// TO" + "DO: later")).isNotEmpty();
  }

  @Test
  void everyTypeIsNamedForWhatItIs() {
    assertThat(findings(Checkout.javaSources(), text -> all(EMPTY_NAME, text))).isEmpty();
    assertThat(all(EMPTY_NAME, "final class Token" + "Manager {")).isNotEmpty();
    assertThat(all(EMPTY_NAME, "record Simple(int a) {}")).isEmpty();
  }

  @Test
  void everyRoomSaysWhatItIsFor() {
    Set<Path> silent = new TreeSet<>();
    for (Path file : mainSources()) {
      Path room = file.getParent();
      if (!Files.exists(room.resolve("package-info.java"))) {
        silent.add(Checkout.root().relativize(room));
      }
    }
    assertThat(silent).as("without package-info.java").isEmpty();
  }

  @Test
  void everyTopLevelTypeSaysWhatItIs() {
    assertThat(findings(mainSources(), StyleTest::undocumentedTypes)).isEmpty();
    assertThat(undocumentedTypes("import a.B;\n\n@Path(\"/\")\npublic final class Bare {}\n"))
        .containsExactly("Bare");
    assertThat(undocumentedTypes("/// Is.\n@Path(\n    \"/\")\nrecord Told(int a) {}\n")).isEmpty();
  }

  @Test
  void noTestSleeps() {
    assertThat(findings(testSources(), text -> all(SLEEP, text))).isEmpty();
    assertThat(all(SLEEP, "Thread." + "sleep(10);")).isNotEmpty();
  }

  @Test
  void everyTestIsNamedSoThatItRuns() {
    List<Path> skipped =
        testSources().stream()
            .filter(file -> TEST_METHOD.matcher(Checkout.read(file)).find())
            .filter(file -> !file.toString().matches(".*(Test|IT)\\.java"))
            .map(Checkout.root()::relativize)
            .toList();
    assertThat(skipped).as("Surefire and Failsafe run *Test and *IT only").isEmpty();
    assertThat(TEST_METHOD.matcher("  @Test\n  void a() {}").find()).isTrue();
  }

  @Test
  void noLineIsTooLong() {
    assertThat(findings(Checkout.javaSources(), StyleTest::longLines)).isEmpty();
    assertThat(longLines("a".repeat(LINE_LENGTH_MAX + 1))).isNotEmpty();
    assertThat(longLines("a".repeat(LINE_LENGTH_MAX))).isEmpty();
  }

  private static List<Path> mainSources() {
    return sourcesBelow("src/main/");
  }

  private static List<Path> testSources() {
    return sourcesBelow("src/test/");
  }

  private static List<Path> sourcesBelow(String folder) {
    return Checkout.javaSources().stream()
        .filter(file -> Checkout.root().relativize(file).toString().contains(folder))
        .toList();
  }

  /// Gives one line for each finding, beginning with the file's path.
  private static List<String> findings(List<Path> files, Function<String, List<String>> check) {
    assertThat(files).isNotEmpty();
    List<String> findings = new ArrayList<>();
    for (Path file : files) {
      for (String finding : check.apply(Checkout.read(file))) {
        findings.add(Checkout.root().relativize(file) + ": " + finding);
      }
    }
    return findings;
  }

  private static List<String> all(Pattern pattern, String text) {
    return pattern.matcher(text).results().map(found -> found.group()).toList();
  }

  private static List<String> longLines(String text) {
    return text.lines()
        .filter(line -> line.length() > LINE_LENGTH_MAX)
        .filter(line -> !line.startsWith("import "))
        .toList();
  }

  private static List<String> undocumentedTypes(String text) {
    List<String> lines = text.lines().toList();
    List<String> undocumented = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      Matcher type = TOP_LEVEL_TYPE.matcher(lines.get(i));
      if (type.matches() && !isDocumented(lines.subList(0, i))) {
        undocumented.add(type.group(1));
      }
    }
    return undocumented;
  }

  /// Looks upwards from a type, over its annotations, for the end of a comment.
  private static boolean isDocumented(List<String> linesBefore) {
    Optional<String> above =
        linesBefore.reversed().stream()
            .takeWhile(line -> !line.isBlank())
            .filter(line -> line.startsWith("///"))
            .findFirst();
    return above.isPresent();
  }
}
