package triage.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/// The right to use a data folder, held by one process at a time.
///
/// The kernel holds the lock, so that it ends with the process however that ends.
///
/// **Threads**: immutable.
final class FolderLock implements AutoCloseable {
  private final FileChannel channel;

  private FolderLock(FileChannel channel) {
    this.channel = channel;
  }

  /// Takes the lock of a folder that exists.
  ///
  /// @throws StoreException if another process, or another store in this one, holds it
  static FolderLock take(Path folder) {
    Path file = folder.resolve("triage.lock");
    try {
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (tryLock(channel) == null) {
        channel.close();
        throw new StoreException(
            "data folder %s: in use by another Triage (expected: one at a time; stop the other, or"
                    .formatted(folder)
                + " give this one a data folder of its own)");
      }
      return new FolderLock(channel);
    } catch (IOException e) {
      throw new StoreException(
          "data folder %s: cannot be locked: %s (expected: a folder this user may write to)"
              .formatted(folder, e),
          e);
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException _) {
      return null;
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException _) {
      // The kernel lets go of the lock when the process ends, at the latest.
    }
  }
}
