package triage.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Deque;

/// What the embedded PostgreSQL says about itself: two files of bounded size, and its last lines in
/// memory for the message of a failed start.
///
/// PostgreSQL is started so that it writes neither statements nor their values.
///
/// **Threads**: safe for use by several threads; each server's output is read by a thread of its
/// own, which ends with that output.
final class PostgresLog {
  private static final long FILE_BYTES_MAX = 4L << 20;
  private static final int LINE_CHARS_MAX = 2_000;
  private static final int TAIL_LINES = 8;

  private final Path file;
  private final Path older;

  @GuardedBy("this")
  private final Deque<String> tail = new ArrayDeque<>();

  @GuardedBy("this")
  private long bytes;

  /// Makes the log of a folder, which must exist; earlier lines in it are kept.
  PostgresLog(Path folder) throws IOException {
    this.file = folder.resolve("postgres.log");
    this.older = folder.resolve("postgres.log.1");
    this.bytes = Files.exists(file) ? Files.size(file) : 0;
  }

  /// Starts the thread that reads a server's output until that ends.
  Thread follow(InputStream output) {
    return Thread.ofPlatform().daemon().name("postgres-log").start(() -> read(output));
  }

  /// Gives the last lines as one, for a message.
  synchronized String tail() {
    return String.join(" | ", tail);
  }

  private void read(InputStream output) {
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(output, StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        add(line.length() > LINE_CHARS_MAX ? line.substring(0, LINE_CHARS_MAX) : line);
      }
    } catch (IOException _) {
      // The server is gone.
    }
  }

  /// Adds a line of its own or ours. The lock is held over the write to the file: nobody else wants
  /// it but a start that fails, and the reader of the next server.
  synchronized void add(String line) {
    if (tail.size() == TAIL_LINES) {
      tail.removeFirst();
    }
    tail.addLast(line);
    try {
      if (bytes > FILE_BYTES_MAX) {
        Files.move(file, older, StandardCopyOption.REPLACE_EXISTING);
        bytes = 0;
      }
      // Opened for each line: there are few, and a full disk must not leave a broken writer behind.
      try (Writer writer =
          Files.newBufferedWriter(
              file, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
        writer.write(line);
        writer.write('\n');
      }
      bytes += line.length() + 1;
    } catch (IOException _) {
      // The disk is full or gone: the server's own output must be read on all the same.
    }
  }
}
