package triage.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Instant;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import triage.admission.Criticality;

class CallerTest {
  private static final Instant EXPIRY = Instant.ofEpochSecond(1000);

  @Test
  void mayDoWhatItsRolesSay() {
    Caller caller = caller("edc", Set.of("NCT-1"), Set.of(Role.READ));

    assertThat(caller.may(Role.READ)).isTrue();
    assertThat(caller.may(Role.OPERATE)).isFalse();
  }

  @Test
  void seesItsStudiesAlone() {
    Caller caller = caller("edc", Set.of("NCT-1"), Set.of());

    assertThat(caller.maySee("NCT-1")).isTrue();
    assertThat(caller.maySee("NCT-2")).isFalse();
    assertThat(caller.maySee("*")).isFalse();
  }

  @Test
  void seesEveryStudyWhereAllAreGranted() {
    assertThat(caller("edc", Caller.ALL_STUDIES, Set.of()).maySee("NCT-2")).isTrue();
    assertThat(caller("edc", Set.of(), Set.of()).maySee("NCT-2")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a b", "a\nlevel=ERROR", "a\"", "a{}", "\u00e4", "*"})
  void refusesANameThatCouldBreakALogLine(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> caller(name, Set.of(), Set.of()))
        .withMessageMatching("caller: [\\x20-\\x7e]* \\(expected: 1 to 64 of .*\\)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> caller("edc", Set.of("NCT-1", name), Set.of()))
        .withMessageMatching("study: [\\x20-\\x7e]* \\(expected: 1 to 64 of .*\\)");
  }

  @Test
  void boundsNamesAndStudies() {
    assertThat(caller("a".repeat(64), Set.of(), Set.of()).name()).hasSize(64);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> caller("a".repeat(65), Set.of(), Set.of()));
    Set<String> studies =
        IntStream.range(0, 101).mapToObj(i -> "NCT-" + i).collect(Collectors.toSet());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> caller("edc", studies, Set.of()))
        .withMessage("studies: 101 of them (expected: <= 100)");
  }

  private static Caller caller(String name, Set<String> studies, Set<Role> roles) {
    return new Caller(name, Criticality.CRITICAL, studies, roles, EXPIRY);
  }
}
