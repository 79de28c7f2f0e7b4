package triage;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The rooms keep to the plan of the house, and the rules that say so reject what they should: the
/// classes of `triage.planted` break each of them.
class ArrowsTest {
  private static final JavaClasses HOUSE =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("triage");
  private static final JavaClasses PLANTED =
      new ClassFileImporter().importPackages("triage.planted");

  @ParameterizedTest
  @ValueSource(strings = {"arrows", "cycles", "places", "purity", "clocks"})
  void theHouseKeepsToThePlan(String rule) {
    assertThat(HOUSE).as("imported classes").isNotEmpty();

    Arrows.below("triage").get(rule).check(HOUSE);
  }

  @Test
  void rejectsArrowsThatThePlanDoesNotDraw() {
    assertThat(culpritsOf("arrows"))
        .containsExactlyInAnyOrder(
            "gateway.ImportsApp",
            "admission.ImportsStore",
            "cellar.IsInNoRoom",
            "time.ImportsAdmission",
            "store.flat.IsInARoomWithinARoom");
  }

  @Test
  void rejectsCycles() {
    assertThat(violationsOf("cycles")).anyMatch(text -> text.contains("Cycle detected"));
  }

  @Test
  void rejectsLibrariesOutOfPlace() {
    assertThat(culpritsOf("places"))
        .containsExactlyInAnyOrder(
            "gateway.UsesJdbi",
            "gateway.UsesFailsafe",
            "audit.UsesJetty",
            "audit.UsesJetty$Inner",
            "backend.UsesResourceAnnotations");
  }

  @Test
  void rejectsImpurity() {
    assertThat(culpritsOf("purity"))
        .containsExactlyInAnyOrder(
            "admission.DrawsChance",
            "admission.DrawsSeededChance",
            "admission.ReadsAFile",
            "admission.StartsAThread",
            "admission.ReadsTheClock",
            "admission.Logs",
            "simulation.DrawsUnseededChance");
  }

  @Test
  void rejectsReadersOfClocks() {
    assertThat(culpritsOf("clocks"))
        .containsExactlyInAnyOrder(
            "admission.ReadsTheClock",
            "audit.RefersToTheClock",
            "gateway.ReadsTheWallClock",
            "gateway.MakesAClock");
  }

  private static List<String> violationsOf(String rule) {
    return Arrows.below("triage.planted")
        .get(rule)
        .evaluate(PLANTED)
        .getFailureReport()
        .getDetails();
  }

  /// Gives the classes of `triage.planted` that a rule's violations begin with.
  private static Set<String> culpritsOf(String rule) {
    Pattern first = Pattern.compile("triage\\.planted\\.([a-z.]+[A-Z][A-Za-z$]*)");
    return violationsOf(rule).stream()
        .map(first::matcher)
        .filter(Matcher::find)
        .map(found -> found.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
