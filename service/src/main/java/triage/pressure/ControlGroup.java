package triage.pressure;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/// The control group whose CPU quota holds for this process: of its own and those above it, the one
/// with the smallest quota; where none has one, its own.
///
/// **Source**: Linux, `Documentation/admin-guide/cgroup-v2.rst` and `scheduler/sched-bwc.rst`.
///
/// **Threads**: immutable.
sealed interface ControlGroup {

  /// Gives the CPUs that the quota allows, or nothing where there is none.
  OptionalDouble quotaProcessors();

  /// Gives the CPU time used so far, in nanoseconds.
  OptionalLong usedNanos();

  /// Gives the time throttled so far, in nanoseconds.
  OptionalLong throttledNanos();

  /// Gives the file with the group's own pressure stall information, if there is one.
  Optional<KernelFile> stall();

  /// Gives a word for logs: the version and the folder.
  String label();

  /// Finds the group of this process, or nothing where none can be read.
  static Optional<ControlGroup> find(SystemFolders folders) {
    String membership = new KernelFile(folders.proc().resolve("self/cgroup")).text().orElse("");
    List<ControlGroup> upwards =
        Files.exists(folders.cgroup().resolve("cgroup.controllers"))
            ? version2(folders.cgroup(), membership)
            : version1(folders.cgroup(), membership);
    ControlGroup tightest = null;
    double least = Double.POSITIVE_INFINITY;
    for (ControlGroup group : upwards) {
      double quota = group.quotaProcessors().orElse(Double.POSITIVE_INFINITY);
      if (tightest == null || quota < least) {
        tightest = group;
        least = quota;
      }
    }
    return Optional.ofNullable(tightest);
  }

  private static List<ControlGroup> version2(Path mount, String membership) {
    String path = memberOf(membership, "").orElse("/");
    List<ControlGroup> groups = new ArrayList<>();
    for (Path folder : upwards(mount, path)) {
      if (Files.exists(folder.resolve("cpu.stat"))) {
        groups.add(new Version2(folder));
      }
    }
    return groups;
  }

  private static List<ControlGroup> version1(Path mount, String membership) {
    List<ControlGroup> groups = new ArrayList<>();
    Optional<Path> accounting = version1Mount(mount, "cpuacct");
    if (accounting.isEmpty()) {
      return groups;
    }
    List<Path> used = upwards(accounting.get(), memberOf(membership, "cpuacct").orElse("/"));
    Optional<Path> quota = version1Mount(mount, "cpu");
    List<Path> quotas =
        quota.isEmpty() ? List.of() : upwards(quota.get(), memberOf(membership, "cpu").orElse("/"));
    for (int i = 0; i < Math.max(used.size(), quotas.size()); i++) {
      Path accounts = used.get(Math.min(i, used.size() - 1));
      Path limits = quotas.isEmpty() ? accounts : quotas.get(Math.min(i, quotas.size() - 1));
      if (Files.exists(accounts.resolve("cpuacct.usage"))) {
        groups.add(new Version1(accounts, limits));
      }
    }
    return groups;
  }

  private static Optional<Path> version1Mount(Path mount, String controller) {
    for (String name : List.of(controller, "cpu,cpuacct", "cpuacct,cpu")) {
      if (Files.isDirectory(mount.resolve(name))) {
        return Optional.of(mount.resolve(name));
      }
    }
    return Optional.empty();
  }

  /// Gives the path in the line `number:controllers:path` that names the controller.
  private static Optional<String> memberOf(String membership, String controller) {
    return membership
        .lines()
        .map(line -> line.split(":", 3))
        .filter(parts -> parts.length == 3 && List.of(parts[1].split(",", -1)).contains(controller))
        .map(parts -> parts[2])
        .findFirst();
  }

  /// Gives the folders from the group's own up to the mount. In a container the path may be the
  /// host's, of which the mount shows the last part only; what is not there is passed over.
  private static List<Path> upwards(Path mount, String path) {
    List<Path> folders = new ArrayList<>();
    Path relative = Path.of("/").relativize(Path.of("/").resolve(path).normalize());
    for (Path part = relative; part != null; part = part.getParent()) {
      Path folder = mount.resolve(part);
      if (!part.toString().isEmpty() && Files.isDirectory(folder)) {
        folders.add(folder);
      }
    }
    folders.add(mount);
    return folders;
  }

  /// A group of version 2.
  record Version2(Path folder) implements ControlGroup {
    private static final long NANOS_PER_MICRO = 1000;

    @Override
    public OptionalDouble quotaProcessors() {
      String[] words =
          new KernelFile(folder.resolve("cpu.max")).text().orElse("").strip().split(" ", -1);
      if (words.length != 2) {
        return OptionalDouble.empty();
      }
      return quota(KernelFile.parse(words[0]), KernelFile.parse(words[1]));
    }

    @Override
    public OptionalLong usedNanos() {
      return nanos("usage_usec");
    }

    @Override
    public OptionalLong throttledNanos() {
      return quotaProcessors().isPresent() ? nanos("throttled_usec") : OptionalLong.empty();
    }

    @Override
    public Optional<KernelFile> stall() {
      Path file = folder.resolve("cpu.pressure");
      return Files.isReadable(file) ? Optional.of(new KernelFile(file)) : Optional.empty();
    }

    @Override
    public String label() {
      return "v2:" + folder;
    }

    private OptionalLong nanos(String name) {
      OptionalLong micros = new KernelFile(folder.resolve("cpu.stat")).number(name);
      return micros.isPresent()
          ? OptionalLong.of(micros.getAsLong() * NANOS_PER_MICRO)
          : OptionalLong.empty();
    }
  }

  /// A group of version 1, whose accounts and limits may be mounted apart.
  record Version1(Path accounts, Path limits) implements ControlGroup {

    @Override
    public OptionalDouble quotaProcessors() {
      return quota(
          new KernelFile(limits.resolve("cpu.cfs_quota_us")).number(),
          new KernelFile(limits.resolve("cpu.cfs_period_us")).number());
    }

    @Override
    public OptionalLong usedNanos() {
      return new KernelFile(accounts.resolve("cpuacct.usage")).number();
    }

    @Override
    public OptionalLong throttledNanos() {
      return quotaProcessors().isPresent()
          ? new KernelFile(limits.resolve("cpu.stat")).number("throttled_time")
          : OptionalLong.empty();
    }

    @Override
    public Optional<KernelFile> stall() {
      return Optional.empty();
    }

    @Override
    public String label() {
      return "v1:" + accounts;
    }
  }

  private static OptionalDouble quota(OptionalLong quota, OptionalLong period) {
    boolean known =
        quota.isPresent() && period.isPresent() && quota.getAsLong() > 0 && period.getAsLong() > 0;
    return known
        ? OptionalDouble.of((double) quota.getAsLong() / period.getAsLong())
        : OptionalDouble.empty();
  }
}
