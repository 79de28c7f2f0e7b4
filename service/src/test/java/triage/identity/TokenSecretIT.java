package triage.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenSecretIT {
  private static final int MAKERS = 8;

  @TempDir Path folder;

  @Test
  void makesASecretThatOnlyItsOwnerMayRead() throws IOException {
    Path file = folder.resolve("data/token.secret");

    TokenSecret made = TokenSecret.readOrMake(file);

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(made.bytes()).hasSize(32);
    assertThat(Files.readString(file)).matches("[A-Za-z0-9_-]{43}\n");
    assertThat(TokenSecret.readOrMake(file).bytes()).isEqualTo(made.bytes());
    assertThat(TokenSecret.read(file).bytes()).isEqualTo(made.bytes());
    try (Stream<Path> left = Files.list(file.getParent())) {
      assertThat(left).containsExactly(file);
    }
  }

  @Test
  void makesAnotherSecretForAnotherFile() {
    assertThat(TokenSecret.readOrMake(folder.resolve("a")).bytes())
        .isNotEqualTo(TokenSecret.readOrMake(folder.resolve("b")).bytes());
  }

  @Test
  void givesRacingMakersOneSecret() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(MAKERS)) {
      for (int round = 0; round < 50; round++) {
        Path file = folder.resolve(round + "/token.secret");
        Files.createDirectory(file.getParent());
        CyclicBarrier start = new CyclicBarrier(MAKERS);
        Callable<String> maker =
            () -> {
              start.await();
              return Forge.base64(TokenSecret.readOrMake(file).bytes());
            };
        List<Callable<String>> makers = new ArrayList<>();
        for (int i = 0; i < MAKERS; i++) {
          makers.add(maker);
        }
        List<String> secrets = new ArrayList<>();
        for (Future<String> made : threads.invokeAll(makers)) {
          secrets.add(made.get());
        }

        assertThat(Set.copyOf(secrets)).hasSize(1);
        assertThat(Files.readString(file)).isEqualTo(secrets.getFirst() + "\n");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw-r-----", "rw----r--", "rw--w----", "rwxrwxrwx"})
  void refusesAFileThatIsOpenToOthers(String mode) throws IOException {
    Path file = written("A".repeat(43), mode);

    assertRefused(file, "open to others than its owner", "chmod 600");
  }

  @Test
  void readsASecretThatSomebodyElseMade() throws IOException {
    assertThat(TokenSecret.read(written("A".repeat(43), "r--------")).bytes()).hasSize(32);
    Files.delete(folder.resolve("secret"));
    assertThat(TokenSecret.read(written("A".repeat(86) + "==\r\n\n", "rw-------")).bytes())
        .hasSize(64);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})
  void refusesAShortSecret(String text) throws IOException {
    assertRefused(written(text, "rw-------"), "bytes (expected: >= 32)", "remove it");
  }

  @Test
  void refusesWhatIsNoSecretWithoutQuotingIt() throws IOException {
    Path file = written("correct horse battery staple, four words", "rw-------");

    assertRefused(file, "not base64url text", "remove it");
    assertThatExceptionOfType(TokenSecretException.class)
        .isThrownBy(() -> TokenSecret.read(file))
        .withNoCause();
  }

  @Test
  void refusesAHugeFile() throws IOException {
    assertRefused(written("A".repeat(4097), "rw-------"), "too large");
  }

  @Test
  void refusesAFolder() {
    assertRefused(folder, "is a folder", "name a file");
  }

  @Test
  void saysThatTheFileIsNotThere() {
    assertThatExceptionOfType(TokenSecretException.class)
        .isThrownBy(() -> TokenSecret.read(folder.resolve("none")))
        .withMessage(folder.resolve("none") + ": not there (expected: the token secret)");
  }

  @Test
  void saysThatItCannotBeMade() throws IOException {
    Path file = written("", "rw-------");

    assertRefused(file.resolve("token.secret"), "cannot be made", "identity.secretFile");
  }

  @Test
  void tellsNothingAboutItself() {
    assertThat(TokenSecret.readOrMake(folder.resolve("a"))).hasToString("TokenSecret[...]");
  }

  private Path written(String text, String mode) throws IOException {
    Path file = Files.writeString(folder.resolve("secret"), text);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
  }

  private static void assertRefused(Path file, String... parts) {
    assertThatExceptionOfType(TokenSecretException.class)
        .isThrownBy(() -> TokenSecret.readOrMake(file))
        .satisfies(e -> assertThat(e.getMessage()).startsWith(file + ": ").doesNotContain("\n"))
        .satisfies(e -> assertThat(e.getMessage()).contains(parts));
  }
}
