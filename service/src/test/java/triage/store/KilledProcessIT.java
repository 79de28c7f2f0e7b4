package triage.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import triage.time.MonotonicClock;

class KilledProcessIT {
  private StoreFixture fixture;

  @BeforeEach
  void makeFolder() {
    fixture = StoreFixture.create();
  }

  @AfterEach
  void deleteFolder() {
    fixture.close();
  }

  @ParameterizedTest(name = "below a folder of mode {0}")
  @ValueSource(strings = {"rwxr-xr-x", "rwx------"})
  void postgresEndsWithAKilledProcessAndNothingAcknowledgedIsLost(String mode) throws Exception {
    Path data = Files.createDirectory(fixture.data().resolve("inner"));
    Files.setPosixFilePermissions(data, PosixFilePermissions.fromString(mode));
    Process process =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-cp",
                System.getProperty("java.class.path"),
                WritingProcess.class.getName(),
                data.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    long acknowledged = -1;
    ProcessHandle server;
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      String ready = next(lines, "ready ");
      server = ProcessHandle.of(Long.parseLong(ready)).orElseThrow();
      while (acknowledged < 500) {
        acknowledged = Long.parseLong(next(lines, "acknowledged "));
      }
      StoreFixture.signal("KILL", process.pid());
      process.waitFor();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("acknowledged ")) {
          acknowledged = Long.parseLong(line.substring("acknowledged ".length()));
        }
      }
    }
    Duration gone =
        StoreFixture.await("postgres gone", Duration.ofSeconds(10), () -> !server.isAlive());
    long start = System.nanoTime();
    try (Store store = Store.open(StoreFixture.settings(), data, MonotonicClock.system())) {
      System.out.println(
          "seen: postgres gone %d ms after the kill, next start %d ms, acknowledged %d"
              .formatted(
                  gone.toMillis(),
                  Duration.ofNanos(System.nanoTime() - start).toMillis(),
                  acknowledged));
      List<Long> written = GapRows.written(store.jdbi());
      assertThat(written).doesNotHaveDuplicates().hasSizeGreaterThan((int) acknowledged);
      for (long n = 0; n <= acknowledged; n++) {
        assertThat(written.get((int) n)).isEqualTo(n);
      }
    }
  }

  private static String next(BufferedReader lines, String prefix) throws Exception {
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.startsWith(prefix)) {
        return line.substring(prefix.length());
      }
    }
    throw new AssertionError("the process ended before it said: " + prefix);
  }
}
