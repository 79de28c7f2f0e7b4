package triage.store;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// How PostgreSQL's programs are run on this machine: as whom, and so that they end with us.
///
/// PostgreSQL refuses to run as root. Started by root, it is run by `setpriv` as the user that owns
/// the data, else as `postgres` or `nobody`; where that user cannot reach the folder, within a user
/// namespace (`unshare -U`), in which root is not root any more. Where `setpriv` is missing,
/// PostgreSQL outlives a killed Triage; the next start stops it.
///
/// **Threads**: immutable.
///
/// @param prefix the words that go before the program
/// @param owner the user that must own the data
/// @param group the group that must own the data
/// @param endsWithUs whether the kernel tells PostgreSQL to stop when Triage ends in any way
record PostgresRunner(List<String> prefix, int owner, int group, boolean endsWithUs) {
  private static final int ROOT = 0;
  private static final String FOR_USER =
      "a glibc Linux and a volume that is not mounted noexec; else set store.binaries or store.url";
  private static final long PROBE_SECONDS = 30;
  // A session of its own: Ctrl-C on a terminal is for Triage, which stops PostgreSQL last.
  private static final List<String> SESSION = List.of("setsid");
  private static final List<String> DEATH_SIGNAL =
      List.of("setsid", "setpriv", "--pdeathsig", "INT");

  PostgresRunner {
    prefix = List.copyOf(prefix);
  }

  /// What a program that ran to its end left behind.
  record Ended(int code, String output) {}

  /// Gives the first way that works here, best first, by trying each.
  ///
  /// @param binaries the folder that holds `bin/postgres`
  /// @param folder the folder in which the data lie or are to lie
  /// @param cluster the data themselves, where they exist already
  /// @throws StoreException if none works; says which folder is in the way
  static PostgresRunner choose(Path binaries, Path folder, Path cluster) {
    UnixSystem us = new UnixSystem();
    List<PostgresRunner> ways;
    try {
      ways =
          us.getUid() == ROOT
              ? waysOfRoot(cluster)
              : waysOfUser((int) us.getUid(), (int) us.getGid(), cluster);
    } catch (IOException e) {
      throw new StoreException("data folder " + cluster + ": " + e, e);
    }
    StringBuilder tried = new StringBuilder();
    for (PostgresRunner way : ways) {
      Ended probe = way.probe(binaries, folder);
      if (probe.code() == 0) {
        return way;
      }
      tried.append(" [").append(String.join(" ", way.prefix)).append("] ").append(probe.output());
    }
    throw new StoreException(
        "data folder %s: PostgreSQL cannot be run there:%s (expected: %s)"
            .formatted(folder, tried, us.getUid() == ROOT ? forRoot(folder, binaries) : FOR_USER));
  }

  /// Gives the words that run `program` with `arguments` in this way.
  List<String> command(Path program, List<String> arguments) {
    List<String> words = new ArrayList<>(prefix);
    words.add(program.toString());
    words.addAll(arguments);
    return words;
  }

  /// Runs a program to its end.
  ///
  /// @param seconds how long it may take before it is killed
  Ended run(Path program, List<String> arguments, long seconds) {
    return run(command(program, arguments), seconds);
  }

  /// Gives a builder that starts `command` far from our environment, whose secrets and library
  /// paths are none of PostgreSQL's business.
  static ProcessBuilder builder(List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(command);
    Map<String, String> environment = builder.environment();
    String path = environment.getOrDefault("PATH", "/usr/bin:/bin");
    environment.clear();
    environment.put("PATH", path + ":/usr/sbin:/usr/bin:/sbin:/bin");
    environment.put("LC_ALL", "C");
    return builder
        .directory(Path.of("/").toFile())
        .redirectErrorStream(true)
        .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
  }

  /// Makes the user that PostgreSQL runs as the owner of `path` and of all it holds.
  void own(Path path) throws IOException {
    if (Folders.owner(path) != owner) {
      Folders.give(path, owner, group);
    }
  }

  private Ended probe(Path binaries, Path folder) {
    List<String> words = new ArrayList<>(prefix);
    words.addAll(List.of("sh", "-c", "cd \"$0\" && exec \"$1\" --version", folder.toString()));
    words.add(binaries.resolve("bin/postgres").toString());
    return run(words, PROBE_SECONDS);
  }

  private static Ended run(List<String> command, long seconds) {
    try {
      Process process = builder(command).start();
      var _ =
          process
              .onExit()
              .orTimeout(seconds, TimeUnit.SECONDS)
              .whenComplete((_, late) -> {
                if (late != null) {
                  process.destroyForcibly();
                }
              });
      try (InputStream output = process.getInputStream()) {
        // A program that says more than this has its pipe closed: it is no program of ours.
        String text = new String(output.readNBytes(64 * 1024), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), StoreException.oneLine(text));
      }
    } catch (IOException e) {
      return new Ended(-1, StoreException.oneLine(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreException("interrupted while starting PostgreSQL", e);
    }
  }

  private static List<PostgresRunner> waysOfUser(int uid, int gid, Path cluster)
      throws IOException {
    if (Files.exists(cluster) && Folders.owner(cluster) != uid) {
      throw new StoreException(
          "data folder %s: belongs to user %d, not to ours, %d (expected: the same user as before;"
                  .formatted(cluster, Folders.owner(cluster), uid)
              + " start as that user or as root, or use another data folder)");
    }
    return List.of(
        new PostgresRunner(DEATH_SIGNAL, uid, gid, true),
        new PostgresRunner(SESSION, uid, gid, false),
        new PostgresRunner(List.of(), uid, gid, false));
  }

  private static List<PostgresRunner> waysOfRoot(Path cluster) throws IOException {
    List<PostgresRunner> ways = new ArrayList<>();
    Account account = Account.forRoot(cluster);
    if (account != null) {
      List<String> become =
          List.of("--reuid", "" + account.uid(), "--regid", "" + account.gid(), "--clear-groups");
      ways.add(
          new PostgresRunner(joined(DEATH_SIGNAL, become), account.uid(), account.gid(), true));
    }
    // The death signal is set last: entering a namespace would clear it.
    List<String> namespace = List.of("unshare", "--user");
    ways.add(new PostgresRunner(joined(namespace, DEATH_SIGNAL), ROOT, ROOT, true));
    ways.add(new PostgresRunner(namespace, ROOT, ROOT, false));
    return ways;
  }

  private static List<String> joined(List<String> first, List<String> second) {
    List<String> all = new ArrayList<>(first);
    all.addAll(second);
    return all;
  }

  private static String forRoot(Path folder, Path binaries) {
    String blocked = blockedFolder(folder);
    blocked = blocked == null ? blockedFolder(binaries) : blocked;
    return (blocked == null
            ? "a root that may become user postgres or nobody, " + FOR_USER
            : "folders that every user may enter, and " + blocked + " is not")
        + "; or start Triage as an ordinary user";
  }

  /// Gives the topmost folder on the way that others may not enter.
  private static @Nullable String blockedFolder(Path folder) {
    try {
      Path real = folder.toRealPath();
      for (int names = 1; names <= real.getNameCount(); names++) {
        Path above = real.getRoot().resolve(real.subpath(0, names));
        var rights = Files.readAttributes(above, PosixFileAttributes.class).permissions();
        if (!rights.contains(java.nio.file.attribute.PosixFilePermission.OTHERS_EXECUTE)) {
          return above.toString();
        }
      }
    } catch (IOException _) {
      // Only a hint is lost.
    }
    return null;
  }

  /// A user of this machine that is not root, as `/etc/passwd` knows it: PostgreSQL insists on
  /// finding its own name there.
  private record Account(int uid, int gid) {

    static @Nullable Account forRoot(Path cluster) throws IOException {
      List<String> lines = Files.readAllLines(Path.of("/etc/passwd"), StandardCharsets.UTF_8);
      int owner = Files.exists(cluster) ? Folders.owner(cluster) : ROOT;
      if (owner != ROOT) {
        Account found = find(lines, 2, Integer.toString(owner));
        if (found != null) {
          return found;
        }
      }
      Account postgres = find(lines, 0, "postgres");
      return postgres != null ? postgres : find(lines, 0, "nobody");
    }

    private static @Nullable Account find(List<String> lines, int column, String value) {
      for (String line : lines) {
        String[] words = line.split(":", -1);
        if (words.length > 3 && words[column].equals(value)) {
          int uid = Integer.parseInt(words[2]);
          return uid == ROOT ? null : new Account(uid, Integer.parseInt(words[3]));
        }
      }
      return null;
    }
  }
}
