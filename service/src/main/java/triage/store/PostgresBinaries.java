package triage.store;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/// The programs of PostgreSQL, unpacked once from the class path into a folder named for their
/// checksum, so that a new release of them never mixes with an old one.
///
/// **Threads**: safe for use by several threads and processes: one unpacks, the others wait.
final class PostgresBinaries {
  private static final ReentrantLock IN_THIS_PROCESS = new ReentrantLock();

  private PostgresBinaries() {}

  /// Gives the folder that holds `bin/postgres`, unpacking first where that has not been done.
  ///
  /// @param parent where the folder lies or is to lie; made if missing
  /// @throws StoreException if there are no programs for this machine, or they cannot be unpacked
  static Path unpack(Path parent) {
    URL archive = archive();
    IN_THIS_PROCESS.lock();
    try {
      Files.createDirectories(parent);
      Path folder = parent.resolve("bin-%08x".formatted(checksum(archive)));
      if (!Files.isDirectory(folder)) {
        unpackOnce(archive, folder);
      }
      return folder;
    } catch (IOException e) {
      throw new StoreException(
          "store.binaries %s: PostgreSQL cannot be unpacked: %s (expected: a folder this user may"
                  .formatted(parent, e)
              + " write to, with 100 MB free)",
          e);
    } finally {
      IN_THIS_PROCESS.unlock();
    }
  }

  private static URL archive() {
    String system = System.getProperty("os.name", "");
    String machine = System.getProperty("os.arch", "");
    String name =
        switch (machine) {
          case "amd64", "x86_64" -> "/postgres-linux-x86_64.txz";
          case "aarch64", "arm64" -> "/postgres-linux-arm_64.txz";
          default -> "";
        };
    URL found =
        system.equals("Linux") && !name.isEmpty() ? PostgresBinaries.class.getResource(name) : null;
    if (found == null) {
      throw new StoreException(
          "store.url: missing (expected: the address of a PostgreSQL, since none is embedded for "
              + system
              + " on "
              + machine
              + ")");
    }
    return found;
  }

  /// A jar's directory holds the checksum already: reading the 15 MB costs nothing then.
  private static long checksum(URL archive) throws IOException {
    URLConnection connection = archive.openConnection();
    if (connection instanceof JarURLConnection jar) {
      return jar.getJarEntry().getCrc();
    }
    CheckedInputStream read = new CheckedInputStream(archive.openStream(), new CRC32());
    try (read) {
      read.transferTo(java.io.OutputStream.nullOutputStream());
    }
    return read.getChecksum().getValue();
  }

  private static void unpackOnce(URL archive, Path folder) throws IOException {
    Path parent = folder.toAbsolutePath().getParent();
    if (parent == null) {
      throw new IOException("no folder above " + folder);
    }
    try (FileChannel channel =
            FileChannel.open(
                parent.resolve("bin.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var _ = channel.lock()) {
      if (Files.isDirectory(folder)) {
        return;
      }
      try (DirectoryStream<Path> halves = Files.newDirectoryStream(parent, "bin-*.partial")) {
        for (Path half : halves) {
          Folders.delete(half);
        }
      }
      Path partial = Files.createDirectory(parent.resolve(folder.getFileName() + ".partial"));
      Files.setPosixFilePermissions(partial, PosixFilePermissions.fromString("rwxr-xr-x"));
      extract(archive, partial);
      Files.move(partial, folder, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private static void extract(URL archive, Path into) throws IOException {
    try (InputStream packed = new BufferedInputStream(archive.openStream());
        TarArchiveInputStream tar = new TarArchiveInputStream(new XZInputStream(packed))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        Path target = into.resolve(entry.getName()).normalize();
        if (!target.startsWith(into)) {
          throw new IOException("entry outside of the folder: " + entry.getName());
        }
        extractOne(tar, entry, target);
      }
    }
  }

  private static void extractOne(TarArchiveInputStream tar, TarArchiveEntry entry, Path target)
      throws IOException {
    if (entry.isDirectory()) {
      makeFolder(target);
      return;
    }
    Path parent = target.getParent();
    if (parent != null) {
      makeFolder(parent);
    }
    if (entry.isSymbolicLink()) {
      Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
    } else {
      Files.copy(tar, target);
      // Whatever the umask: the user that runs PostgreSQL may be another than ours.
      boolean program = (entry.getMode() & 0100) != 0;
      Files.setPosixFilePermissions(
          target, PosixFilePermissions.fromString(program ? "rwxr-xr-x" : "rw-r--r--"));
    }
  }

  private static void makeFolder(Path folder) throws IOException {
    if (Files.isDirectory(folder)) {
      return;
    }
    Path parent = folder.getParent();
    if (parent != null) {
      makeFolder(parent);
    }
    Files.createDirectory(folder);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
