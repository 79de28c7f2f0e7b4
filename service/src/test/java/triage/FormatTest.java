package triage;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Every source stands as google-java-format leaves it, imports sorted and none unused.
///
/// With `-Dformat=apply` it mends the sources and passes.
class FormatTest {
  private static final String MEND =
      "mvn -q -pl service -am test -Dtest=FormatTest -Dformat=apply"
          + " -Dsurefire.failIfNoSpecifiedTests=false";

  // Comments are laid out by hand: their lists and tables are not the formatter's to fill.
  private final Formatter formatter =
      new Formatter(JavaFormatterOptions.builder().formatJavadoc(false).build());

  @Test
  void everySourceStandsAsTheFormatterLeavesIt() throws Exception {
    boolean apply = "apply".equals(System.getProperty("format"));
    List<Path> misformatted = new ArrayList<>();
    for (Path file : Checkout.javaSources()) {
      String written = Checkout.read(file);
      String formatted = format(file, written);
      if (!formatted.equals(written)) {
        misformatted.add(Checkout.root().relativize(file));
        if (apply) {
          Files.writeString(file, formatted);
        }
      }
    }
    if (!apply) {
      assertThat(misformatted).as("to mend them all: %s", MEND).isEmpty();
    }
  }

  @Test
  void takesUnusedImportsOutAndSortsTheOthers() throws Exception {
    String untidy = "import java.util.Set;\nimport java.util.Map;\nimport java.io.File;\n";
    String body = "class A {\n  Set<Map<String, String>> a;\n}\n";

    assertThat(format(Path.of("A.java"), untidy + "\n" + body))
        .isEqualTo("import java.util.Map;\nimport java.util.Set;\n\n" + body);
  }

  @Test
  void leavesMarkdownCommentsAsTheyWere() throws Exception {
    String source =
        "/// First.\n"
            + "///\n"
            + "/// - a list,\n"
            + "///   indented by hand\n"
            + "class A {\n"
            + "  /// Short.\n"
            + "  int a;\n"
            + "}\n";

    assertThat(format(Path.of("A.java"), source)).isEqualTo(source);
  }

  private String format(Path file, String source) throws IOException {
    try {
      return formatter.formatSourceAndFixImports(source);
    } catch (FormatterException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }
}
