package triage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The launcher, in a small copy of the working copy's layout, with a Maven and a JDK that are
/// scripts: they write down how they were called.
class LauncherIT {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final FileTime SOURCES_AT = at("2026-01-01T00:00:00Z");
  private static final String BUILT_AT = "2026-02-01T00:00:00.000Z";
  private static final FileTime EDITED_AT = at("2026-03-01T00:00:00Z");

  /// What the launcher may find on the PATH, beside what a test adds.
  private static final List<String> TOOLS =
      List.of(
          "bash",
          "cat",
          "chmod",
          "cut",
          "dirname",
          "find",
          "flock",
          "grep",
          "head",
          "id",
          "ls",
          "mkdir",
          "mktemp",
          "mv",
          "readlink",
          "rm",
          "sed",
          "sha256sum",
          "sleep",
          "stat",
          "tail",
          "timeout",
          "tr",
          "xargs");

  private static final String JAVA =
      """
      #!/bin/bash
      case "$*" in
        *" triage.app.Main train")
          echo train >>"$CALLS"
          [[ -z ${TRAIN_FAILS:-} ]] || exit 3
          for option; do [[ $option != -XX:AOTCacheOutput=* ]] || echo whole >"${option#*=}"; done
          ;;
        *" triage.app.Main wait")
          trap 'echo ended >>"$CALLS"; exit 42' TERM
          echo $$ >>"$CALLS"
          while [[ -e $FIFO ]]; do read -r -t 1 <>"$FIFO" || true; done
          ;;
        *)
          printf '%s\\n' "$@"
          exit "${JAVA_EXIT:-0}"
          ;;
      esac
      """;

  private static final String MAVEN =
      """
      #!/bin/bash
      trap 'echo stopped >>"$CALLS"; exit 1' TERM
      echo "mvn $*" >>"$CALLS"
      while [[ -n ${HOLD:-} && -e $HOLD && -e $FIFO ]]; do read -r -t 0.1 <>"$FIFO" || true; done
      [[ -z ${BUILD_FAILS:-} ]] || { echo "no such symbol"; exit 1; }
      mkdir -p service/target/lib
      echo jar >service/target/triage-service.jar
      echo jar >service/target/lib/a.jar
      echo jar >service/target/lib/b-2.jar
      printf lib/b-2.jar:lib/a.jar >service/target/classpath
      echo "$BUILT_AT" >service/target/built-at
      """;

  @TempDir private Path scratch;
  private Path home;
  private Path bin;
  private Path jdks;
  private Path calls;
  private final Map<String, String> environment = new TreeMap<>();
  private final List<Process> started = new ArrayList<>();

  @BeforeEach
  void makeTheCopy() throws Exception {
    home = Files.createDirectories(scratch.resolve("a folder/triage"));
    bin = Files.createDirectory(scratch.resolve("bin"));
    jdks = Files.createDirectory(scratch.resolve("jdks"));
    calls = Files.createFile(scratch.resolve("calls"));
    Files.copy(Checkout.root().resolve("triage"), home.resolve("triage"));
    for (String file : List.of("pom.xml", "api/pom.xml", "service/pom.xml")) {
      write(home.resolve(file), "");
    }
    write(home.resolve("api/src/main/java/A.java"), "");
    write(home.resolve("service/src/main/java/B.java"), "");
    write(home.resolve("service/src/test/java/C.java"), "");
    setTimes(home, SOURCES_AT);
    for (String tool : TOOLS) {
      link(tool);
    }
    script(bin.resolve("mvn"), MAVEN);
    jdk("jdk-25", "25.0.3");
    assertThat(new ProcessBuilder(findOnPath("mkfifo"), scratch + "/fifo").start().waitFor())
        .isZero();
    environment.put("PATH", bin.toString());
    environment.put("HOME", scratch.toString());
    environment.put("TRIAGE_JDK_ROOTS", jdks.toString());
    environment.put("TRIAGE_AOT", "off");
    environment.put("CALLS", calls.toString());
    environment.put("FIFO", scratch.resolve("fifo").toString());
    environment.put("BUILT_AT", BUILT_AT);
  }

  @AfterEach
  void endWhatRuns() throws Exception {
    for (Process process : started) {
      assertThat(process.destroyForcibly().waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS))
          .isTrue();
    }
    // JUnit warns of each link out of its folder.
    for (String tool : TOOLS) {
      Files.deleteIfExists(bin.resolve(tool));
    }
  }

  @Test
  void buildsWhenTheJarsAreMissingAndNotWhenTheyAreFresh() throws Exception {
    Run first = run("check");
    Run second = run("check");

    assertThat(first.exit()).isZero();
    assertThat(first.err()).contains("service/target/triage-service.jar is missing: building");
    assertThat(second.exit()).isZero();
    assertThat(second.err()).isEmpty();
    assertThat(calls())
        .containsExactly(
            "mvn -q -B -Dstyle.color=never -Dmaven.test.skip=true -pl api,service -am package");
  }

  @Test
  void buildsAgainWhenASourceIsNewerOrGoneButNotForATest() throws Exception {
    run("check");
    Files.setLastModifiedTime(home.resolve("service/src/test/java/C.java"), EDITED_AT);
    run("check");
    assertThat(calls()).as("after a change to a test").hasSize(1);

    Files.setLastModifiedTime(home.resolve("service/src/main/java/B.java"), EDITED_AT);
    Run edited = run("check");
    assertThat(edited.err())
        .contains("service/src/main/java/B.java is newer than the last build: building");
    assertThat(calls()).as("after a change to a source").hasSize(2);

    setTimes(home.resolve("service/src"), SOURCES_AT);
    Files.delete(home.resolve("api/src/main/java/A.java"));
    run("check");
    assertThat(calls()).as("after a source was deleted").hasSize(3);
  }

  @Test
  void buildsAgainWhenAJarOfTheClassPathIsGone() throws Exception {
    run("check");
    Files.delete(home.resolve("service/target/lib/a.jar"));

    assertThat(run("check").err()).contains("service/target/lib/a.jar is missing: building");
  }

  @Test
  void runsTheJarsOfTheClassPathFileInItsOrderAndNoOthers() throws Exception {
    run("check");
    write(home.resolve("service/target/lib/b-1.jar"), "stale");

    List<String> command = run("server", "my config.yml").out().lines().toList();

    String target = home.toRealPath() + "/service/target/";
    assertThat(command)
        .containsSubsequence(
            "-XX:+UseG1GC",
            "-Dtriage.home=" + home.toRealPath(),
            "-cp",
            target + "triage-service.jar:" + target + "lib/b-2.jar:" + target + "lib/a.jar",
            "triage.app.Main",
            "server",
            "my config.yml");
  }

  @Test
  void addsOptionsOfTheCallerLastAndLetsItsCollectorReplaceOurs() throws Exception {
    environment.put("TRIAGE_JAVA_OPTS", "-Xmx64m  -XX:+UseZGC -Dstar=*");

    List<String> command = run("server").out().lines().toList();

    assertThat(command).containsSubsequence("-Xlog:all=warning:stderr", "-Xmx64m", "-Dstar=*");
    assertThat(command).contains("-XX:+UseZGC").doesNotContain("-XX:+UseG1GC");
  }

  @Test
  void startsLightCommandsWithLittle() throws Exception {
    assertThat(run("token").out().lines())
        .contains("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
        .doesNotContain("-XX:+UseG1GC");
  }

  @Test
  void findsItsFolderThroughLinksAndLeavesTheCallersFolder() throws Exception {
    Path link = Files.createSymbolicLink(scratch.resolve("link"), home.resolve("triage"));
    Path second = Files.createSymbolicLink(bin.resolve("triage"), Path.of("../link"));
    assertThat(link).exists();

    assertThat(run(List.of(second.toString(), "check")).out())
        .contains("-Dtriage.home=" + home.toRealPath());
  }

  @Test
  void endsWithTheExitCodeOfTheProgram() throws Exception {
    environment.put("JAVA_EXIT", "7");

    assertThat(run("check").exit()).isEqualTo(7);
  }

  @Test
  void becomesTheProgramSoThatSignalsReachIt() throws Exception {
    run("check");
    Process launcher = start(List.of(home + "/triage", "wait"));
    await("the program runs", () -> calls().size() == 2);

    launcher.destroy();

    assertThat(launcher.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(launcher.exitValue()).isEqualTo(42);
    assertThat(calls().subList(1, 3)).containsExactly(Long.toString(launcher.pid()), "ended");
  }

  @Test
  void holdsNoLockWhileTheProgramRuns() throws Exception {
    start(List.of(home + "/triage", "wait"));
    await("the program runs", () -> calls().size() == 2);
    Files.delete(home.resolve("service/target/built-at"));

    assertThat(run("check").exit()).isZero();
  }

  @Test
  void stopsTheBuildWhenItIsStopped() throws Exception {
    environment.put("HOLD", Files.createFile(scratch.resolve("hold")).toString());
    Process launcher = start(List.of(home + "/triage", "check"));
    await("it builds", () -> calls().size() == 1);

    launcher.destroy();

    assertThat(launcher.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(launcher.exitValue()).isEqualTo(143);
    assertThat(calls()).last().isEqualTo("stopped");
  }

  @Test
  void saysWhereItLookedWhenThereIsNoJdk() throws Exception {
    Files.delete(jdks.resolve("jdk-25/release"));
    jdk("jdk-25", "21.0.2");
    jdk("jdk-17", "17.0.15");
    script(bin.resolve("java"), "#!/bin/bash\necho '    java.home = " + jdks + "/jdk-17' >&2\n");
    environment.put("JAVA_HOME", "/nowhere");

    Run run = run("check");

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.err())
        .contains(
            "no JDK >= 25 found",
            "JAVA_HOME (/nowhere): none",
            "PATH (" + jdks + "/jdk-17): 17.0.15",
            jdks + ": 17.0.15, 21.0.2",
            "set TRIAGE_JAVA_HOME");
    assertThat(calls()).isEmpty();
  }

  @Test
  void takesTheLowestReleaseThatWillDoAndItsLatestUpdate() throws Exception {
    jdk("a-26", "26.0.1");
    jdk("b-25", "25.0.10");
    jdk("c-17", "17.0.15");
    Path mac = jdks.resolve("d.jdk/Contents/Home");
    Files.createDirectories(mac.getParent());
    Files.move(jdks.resolve("b-25"), mac);

    assertThat(run("--print-java").out().strip()).isEqualTo(mac.toString());
  }

  @Test
  void prefersJavaHomeToThePathAndThatToTheUsualFolders() throws Exception {
    Path other = jdk("other", "25.0.1");
    script(bin.resolve("java"), "#!/bin/bash\necho '    java.home = " + other + "' >&2\n");
    assertThat(run("--print-java").out().strip()).isEqualTo(other.toString());

    Path named = jdk("named", "26");
    environment.put("JAVA_HOME", named.toString());
    assertThat(run("--print-java").out().strip()).isEqualTo(named.toString());
  }

  @Test
  void asksAJdkThatHasNoReleaseFile() throws Exception {
    Path jdk = jdk("jdk-25", "25");
    Files.delete(jdk.resolve("release"));
    script(jdk.resolve("bin/java"), "#!/bin/bash\necho 'openjdk version \"25.0.1\" 2026' >&2\n");

    assertThat(run("--print-java").out().strip()).isEqualTo(jdk.toString());
  }

  @Test
  void refusesAJdkThatWasNamedButWillNotDo() throws Exception {
    environment.put("TRIAGE_JAVA_HOME", jdk("old", "21.0.1").toString());

    Run run = run("check");

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.err()).contains("TRIAGE_JAVA_HOME", "(expected: a JDK >= 25, found: 21.0.1)");
  }

  @Test
  void saysWhatIsMissingWhenThereIsNoMaven() throws Exception {
    Files.delete(bin.resolve("mvn"));

    Run run = run("check");

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.err()).contains("there is no Maven to build with", "set MVN to its path");
  }

  @Test
  void takesTheMavenThatIsNamedAndElseTheWrapper() throws Exception {
    Files.move(bin.resolve("mvn"), home.resolve("mvnw"));
    assertThat(run("check").exit()).isZero();

    Files.delete(home.resolve("service/target/built-at"));
    environment.put("MVN", Files.move(home.resolve("mvnw"), scratch.resolve("my mvn")).toString());
    assertThat(run("check").exit()).isZero();
    assertThat(calls()).hasSize(2);
  }

  @Test
  void endsWhenTheBuildFailsWithItsOutputOnStderr() throws Exception {
    environment.put("BUILD_FAILS", "yes");

    Run run = run("token");

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains("no such symbol", "the build failed");
  }

  @Test
  void letsOneBuildWhileTheOtherWaits() throws Exception {
    oneBuildsWhileTheOtherWaits("waiting for another build");
  }

  @Test
  void letsOneBuildWhileTheOtherWaitsWithoutFlock() throws Exception {
    Files.delete(bin.resolve("flock"));
    // Left behind by a launcher that was killed: pids end far below this one.
    write(home.resolve("service/target/launcher.lock.d/pid"), "999999999\n");

    oneBuildsWhileTheOtherWaits("waiting for process");

    assertThat(home.resolve("service/target/launcher.lock.d")).doesNotExist();
  }

  private void oneBuildsWhileTheOtherWaits(String word) throws Exception {
    Path hold = Files.createFile(scratch.resolve("hold"));
    environment.put("HOLD", hold.toString());
    Process first = start(List.of(home + "/triage", "check"));
    await("the first builds", () -> calls().size() == 1);
    Process second = start(List.of(home + "/triage", "check"));
    await("the second waits", () -> Checkout.read(errorsOf(1)).contains(word));

    Files.delete(hold);

    assertThat(first.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(second.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(List.of(first.exitValue(), second.exitValue())).containsOnly(0);
    assertThat(calls()).as("builds").hasSize(1);
  }

  @Test
  void makesTheCacheOnceAndAgainWhenAJarChanges() throws Exception {
    environment.put("TRIAGE_AOT", "on");
    run("check");
    assertThat(calls()).as("a light command needs no cache").hasSize(1);

    Run first = run("server");
    Run second = run("server");
    assertThat(first.err()).contains("making the start-up cache", "start-up cache made");
    assertThat(second.err()).isEmpty();
    assertThat(second.out())
        .containsPattern("-XX:AOTCache=.*/a folder/triage/service/target/aot/[0-9a-f]{16}\\.aot\n");
    assertThat(calls()).as("builds and trainings").hasSize(2);

    write(home.resolve("service/target/lib/a.jar"), "another jar");
    assertThat(run("server").err()).contains("start-up cache made");
    assertThat(filesOf(home.resolve("service/target/aot")))
        .as("nothing but caches and the log")
        .allMatch(name -> name.matches("[0-9a-f]{16}\\.aot|train\\.log"));
  }

  @Test
  void startsWithoutACacheAndDoesNotTryAgainWhenTrainingFails() throws Exception {
    environment.put("TRIAGE_AOT", "on");
    environment.put("TRAIN_FAILS", "yes");

    Run first = run("server");
    Run second = run("server");

    assertThat(List.of(first.exit(), second.exit())).containsOnly(0);
    assertThat(first.out() + second.out()).doesNotContain("-XX:AOT");
    assertThat(second.err().lines())
        .singleElement()
        .asString()
        .contains("starting without a start-up cache: making it failed once");
    assertThat(calls()).filteredOn("train"::equals).hasSize(1);
  }

  @Test
  void makesNoCacheWhenTheCallerBringsAnAgentOrSaysSo() throws Exception {
    environment.put("TRIAGE_AOT", "on");
    environment.put("TRIAGE_JAVA_OPTS", "-agentlib:jdwp=transport=dt_socket");
    assertThat(run("server").out()).doesNotContain("AOTCache");

    environment.remove("TRIAGE_JAVA_OPTS");
    environment.put("TRIAGE_AOT", "no");
    assertThat(run("server").err()).contains("TRIAGE_AOT: no (expected: on or off)");
    assertThat(calls()).doesNotContain("train");
  }

  private record Run(int exit, String out, String err) {}

  private Run run(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(home + "/triage"));
    command.addAll(List.of(arguments));
    return run(command);
  }

  private Run run(List<String> command) throws Exception {
    int number = started.size();
    Process process = start(command);
    assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).as("%s", command).isTrue();
    return new Run(
        process.exitValue(), Checkout.read(outputOf(number)), Checkout.read(errorsOf(number)));
  }

  private Process start(List<String> command) throws IOException {
    int number = started.size();
    ProcessBuilder builder = new ProcessBuilder(command).directory(scratch.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    builder.redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
    builder.redirectOutput(outputOf(number).toFile());
    builder.redirectError(errorsOf(number).toFile());
    Process process = builder.start();
    started.add(process);
    return process;
  }

  private Path outputOf(int number) {
    return scratch.resolve("out." + number);
  }

  private Path errorsOf(int number) {
    return scratch.resolve("err." + number);
  }

  private List<String> calls() {
    return Checkout.read(calls).lines().toList();
  }

  private Path jdk(String name, String version) throws IOException {
    Path folder = jdks.resolve(name);
    write(folder.resolve("release"), "IMPLEMENTOR=\"Us\"\nJAVA_VERSION=\"" + version + "\"\n");
    script(folder.resolve("bin/java"), JAVA);
    script(folder.resolve("bin/javac"), "#!/bin/bash\n");
    return folder;
  }

  private void link(String tool) throws IOException {
    Files.createSymbolicLink(bin.resolve(tool), Path.of(findOnPath(tool)));
  }

  private static String findOnPath(String tool) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .map(folder -> Path.of(folder, tool))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(() -> new IllegalStateException(tool + " is not on the PATH"))
        .toString();
  }

  private static void script(Path file, String text) throws IOException {
    write(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private static void setTimes(Path folder, FileTime time) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.toList()) {
        Files.setLastModifiedTime(file, time);
      }
    }
  }

  private static List<String> filesOf(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  private static FileTime at(String time) {
    return FileTime.from(Instant.parse(time));
  }

  private void await(String what, BooleanSupplier condition) throws Exception {
    boolean ended = false;
    for (long waited = 0; waited < PATIENCE.toMillis() && !ended; waited += 10) {
      // A process that has ended leaves no more traces.
      ended = started.getLast().waitFor(10, TimeUnit.MILLISECONDS);
      if (condition.getAsBoolean()) {
        return;
      }
    }
    fail("%s: did not happen; %s", what, Checkout.read(errorsOf(started.size() - 1)));
  }
}
