package triage.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import triage.admission.Criticality;
import triage.identity.Caller;
import triage.identity.IdentitySettings;
import triage.identity.Role;
import triage.identity.TokenSecret;
import triage.identity.TokenVerifier;
import triage.identity.Verification.Verified;
import triage.time.SettableTime;

class TokenCommandIT {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00.750Z");

  @TempDir Path folder;

  private final SettableTime time = new SettableTime(START);
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private Path file = Path.of("unset");

  @BeforeEach
  void writeSettings() throws IOException {
    file = folder.resolve("my.yml");
    Files.writeString(file, "data: " + folder.resolve("data") + "\n");
  }

  @Test
  void printsTheTokenAndNothingElse() {
    assertThat(run("--caller", "edc")).isZero();

    Caller edc =
        new Caller(
            "edc",
            Criticality.CRITICAL,
            Caller.ALL_STUDIES,
            Set.of(Role.REQUEST, Role.READ),
            Instant.parse("2026-01-01T01:00:00Z"));
    assertThat(out()).matches("[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]{43}\n");
    assertThat(verified(folder.resolve("data/token.secret"))).isEqualTo(edc);
    assertThat(err())
        .isEqualTo(
            "triage: made "
                + folder.resolve("data/token.secret")
                + ", the secret that signs and verifies tokens\n"
                + "triage: caller=edc ceiling=CRITICAL (default) roles=request,read (default)"
                + " studies=* (default) ttl=1h (default) until=2026-01-01T01:00:00Z\n");
  }

  @Test
  void takesEveryOption() {
    assertThat(
            run(
                "--caller",
                "ops",
                "--ceiling",
                "SHEDDABLE",
                "--study",
                "NCT-1",
                "--study=NCT-2",
                "--role",
                "operate",
                "--ttl",
                "PT90S"))
        .isZero();

    assertThat(verified(folder.resolve("data/token.secret")))
        .isEqualTo(
            new Caller(
                "ops",
                Criticality.SHEDDABLE,
                Set.of("NCT-1", "NCT-2"),
                Set.of(Role.OPERATE),
                Instant.parse("2026-01-01T00:01:30Z")));
    assertThat(err()).doesNotContain("default");
  }

  @Test
  void keepsTheSecretThatIsThere() {
    run("--caller", "a");
    byte[] secret = read(folder.resolve("data/token.secret"));
    assertThat(run("--caller", "b")).isZero();

    assertThat(read(folder.resolve("data/token.secret"))).isEqualTo(secret);
    assertThat(err()).containsOnlyOnce("made");
  }

  @Test
  void startsARelativeSecretFileAtTheSettingsFilesFolder() throws IOException {
    Files.writeString(file, "identity: {secretFile: keys/secret}\n");

    assertThat(run("--caller", "edc")).isZero();
    assertThat(verified(folder.resolve("keys/secret")).name()).isEqualTo("edc");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "--ttl 30d|--caller: missing (expected: a name)",
        "--caller|--caller: no value (expected: --caller VALUE)",
        "--caller a/b|--caller: a/b (expected: 1 to 64 of A-Z a-z 0-9 . _ @ -)",
        "--caller a --caller b|--caller: given 2 times (expected: at most once)",
        "--caller a --ceiling HIGH|--ceiling: \"HIGH\" (expected: one of CRITICAL_PLUS, CRITICAL,",
        "--caller a --study a/b|--study: a/b (expected: 1 to 64 of A-Z a-z 0-9 . _ @ -)",
        "--caller a --role admin|--role: \"admin\" (expected: one of request, read, operate)",
        "--caller a --ttl 0s|--ttl: \"0s\" (expected: a duration such as 500ms, 30s, 5m, 1h,",
        "--caller a --ttl 999ms|--ttl: \"999ms\" (expected: a duration such as 500ms, 30s, 5m, 1h,",
        "--caller a --ttl 31d|--ttl: 31d (expected: at most 30d, identity.tokenLifetimeMax in ",
        "--caller a --tll 1d|--tll: unknown option (did you mean --ttl?)",
        "--caller a other.yml|2 files: "
      })
  void refusesWhatItDoesNotUnderstand(String words, String message) {
    assertThat(run(words.split(" "))).isEqualTo(2);
    assertThat(out()).isEmpty();
    assertThat(err()).startsWith("triage: token: " + message).hasLineCount(1);
    assertThat(folder.resolve("data")).doesNotExist();
  }

  @Test
  void refusesSettingsThatAreWrongAnywhere() throws IOException {
    Files.writeString(file, "servr: {}\n");

    assertThat(run("--caller", "edc")).isEqualTo(1);
    assertThat(out()).isEmpty();
    assertThat(err())
        .isEqualTo("triage: " + file + ": servr: unknown key (did you mean server?)\n");
  }

  @Test
  void refusesASecretThatIsOpenToOthers() throws IOException {
    Files.createDirectory(folder.resolve("data"));
    Files.writeString(folder.resolve("data/token.secret"), "A".repeat(43));

    assertThat(run("--caller", "edc")).isEqualTo(1);
    assertThat(out()).isEmpty();
    assertThat(err()).contains("open to others than its owner").hasLineCount(1);
  }

  private int run(String... words) {
    List<String> arguments = new ArrayList<>(List.of("token", file.toString()));
    arguments.addAll(List.of(words));
    PrintStream outStream = new PrintStream(out, true, StandardCharsets.UTF_8);
    PrintStream errStream = new PrintStream(err, true, StandardCharsets.UTF_8);
    Command token = new TokenCommand(outStream, errStream, time, new SplittableRandom(1));
    return new CommandLine(errStream, List.of(token)).run(arguments);
  }

  private Caller verified(Path secretFile) {
    time.advance(Duration.ofSeconds(1));
    TokenVerifier verifier =
        new TokenVerifier(TokenSecret.read(secretFile), IdentitySettings.defaults(), time);
    return ((Verified) verifier.verify("Bearer " + out().strip())).caller();
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
