package triage.pressure;

import java.nio.file.Path;

/// Where the kernel shows itself.
///
/// **Threads**: immutable.
///
/// @param proc the folder `/proc`
/// @param cgroup the folder below which control groups are mounted
public record SystemFolders(Path proc, Path cgroup) {
  /// The folders of this machine.
  public static final SystemFolders HERE =
      new SystemFolders(Path.of("/proc"), Path.of("/sys/fs/cgroup"));
}
