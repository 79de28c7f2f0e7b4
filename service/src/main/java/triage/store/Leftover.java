package triage.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.time.MonotonicClock;

/// What an earlier PostgreSQL left in its data folder: itself, still running, or a file with the
/// number of a process that has long been another one.
///
/// The caller holds the folder's lock, so whatever still runs there belongs to nobody.
final class Leftover {
  private static final Logger LOG = LoggerFactory.getLogger(Leftover.class);
  private static final Duration STOP_MAX = Duration.ofSeconds(60);
  private static final Duration STEP = Duration.ofMillis(20);

  private Leftover() {}

  /// Stops what still runs on these data and removes a pid file that names a stranger.
  ///
  /// **Errors**: a PostgreSQL that does not stop within a minute is killed; it recovers at its next
  /// start.
  static void clear(Path cluster, MonotonicClock clock) throws IOException {
    if (!Files.isDirectory(cluster)) {
      return;
    }
    Path real = cluster.toRealPath();
    Path pidFile = real.resolve("postmaster.pid");
    ProcessHandle named = named(pidFile);
    if (named != null && isServerOf(named.pid(), real)) {
      LOG.warn("event=postgres-orphan-stopping pid={} data={}", named.pid(), real);
      stop(named, STOP_MAX, clock);
    }
    for (ProcessHandle child : runningIn(real)) {
      // Children end by themselves once they notice that their parent has.
      if (!endsWithin(child, Duration.ofSeconds(2), clock)) {
        child.destroyForcibly();
        endsWithin(child, Duration.ofSeconds(2), clock);
      }
    }
    ProcessHandle stranger = named(pidFile);
    if (stranger != null && !isServerOf(stranger.pid(), real)) {
      LOG.warn("event=postgres-stale-pid-file-removed pid={} data={}", stranger.pid(), real);
      Files.deleteIfExists(pidFile);
    }
  }

  /// Stops a server: cleanly, then at once, then by force.
  ///
  /// @param max how long a clean stop may take
  static void stop(ProcessHandle server, Duration max, MonotonicClock clock) {
    signal(server.pid(), "INT");
    if (endsWithin(server, max, clock)) {
      return;
    }
    LOG.warn("event=postgres-stop-slow pid={} signal=QUIT", server.pid());
    signal(server.pid(), "QUIT");
    if (!endsWithin(server, Duration.ofSeconds(3), clock)) {
      LOG.warn("event=postgres-stop-slow pid={} signal=KILL", server.pid());
      server.destroyForcibly();
      endsWithin(server, Duration.ofSeconds(3), clock);
    }
  }

  private static @Nullable ProcessHandle named(Path pidFile) throws IOException {
    if (!Files.exists(pidFile)) {
      return null;
    }
    List<String> lines = Files.readAllLines(pidFile, StandardCharsets.UTF_8);
    try {
      return lines.isEmpty()
          ? null
          : ProcessHandle.of(Long.parseLong(lines.getFirst().strip()))
              .filter(ProcessHandle::isAlive)
              .orElse(null);
    } catch (NumberFormatException _) {
      return null;
    }
  }

  /// The command line is readable to every user, unlike the working folder.
  private static boolean isServerOf(long pid, Path cluster) {
    try {
      String[] words =
          Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.UTF_8)
              .split("\0", -1);
      if (!words[0].endsWith("/postgres")) {
        return false;
      }
      for (int i = 1; i + 1 < words.length; i++) {
        if (words[i].equals("-D") && Path.of(words[i + 1]).toRealPath().equals(cluster)) {
          return true;
        }
      }
    } catch (IOException _) {
      // It ended meanwhile, or its folder did: then it is not the server of this one.
    }
    return false;
  }

  /// Gives the processes of PostgreSQL whose working folder this is: each enters its data folder.
  private static List<ProcessHandle> runningIn(Path cluster) throws IOException {
    List<ProcessHandle> found = new ArrayList<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[1-9]*")) {
      for (Path process : processes) {
        if (cluster.equals(link(process.resolve("cwd")))
            && String.valueOf(link(process.resolve("exe"))).contains("/bin/postgres")) {
          Optional<ProcessHandle> handle =
              ProcessHandle.of(Long.parseLong(process.getFileName().toString()));
          handle.ifPresent(found::add);
        }
      }
    }
    return found;
  }

  private static @Nullable Path link(Path path) {
    try {
      return Files.readSymbolicLink(path);
    } catch (IOException _) {
      return null;
    }
  }

  private static boolean endsWithin(ProcessHandle process, Duration max, MonotonicClock clock) {
    long start = clock.nanos();
    while (process.isAlive()) {
      if (clock.nanos() - start > max.toNanos()) {
        return false;
      }
      java.util.concurrent.locks.LockSupport.parkNanos(STEP.toNanos());
    }
    return true;
  }

  /// The JDK sends TERM and KILL only; to PostgreSQL, TERM means to wait for every client to leave.
  private static void signal(long pid, String name) {
    try {
      new ProcessBuilder("sh", "-c", "kill -s \"$0\" \"$1\"", name, Long.toString(pid))
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor(5, TimeUnit.SECONDS);
    } catch (IOException e) {
      LOG.warn("event=signal-failed pid={} signal={} cause={}", pid, name, e.toString());
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
